/**
 * How much of a student's success is kept in MuJoCo, an engine it has never met: `npx tsx bench/transfer.ts`.
 *
 * Each bundle of the zoo runs the same starts in planar contacts, which it was trained in, in coulomb contacts and in
 * MuJoCo. `--episodes 1024` asks for more than 256 starts, `--bundle push-pair` for one bundle only.
 */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { evaluateLink, evaluationFacts } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { Progress } from "../cli/progress.ts";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { readBundle } from "../policies/bundle.ts";
import { WorkerPool } from "../rollout/pool.ts";
import { writeResults } from "./harness.ts";

const SEED = 0x5eed;
/** What the transfer issue asks for. */
const required = { shareOfPlanar: 0.85 };
const worlds = [
  { name: "planar", engine: "rapier", contact: "planar" },
  { name: "coulomb", engine: "rapier", contact: "coulomb" },
  { name: "MuJoCo", engine: "mujoco", contact: "planar" },
] as const;

const { values } = parseArgs({
  options: { episodes: { type: "string", default: "256" }, bundle: { type: "string" } },
});
const episodes = Number(values.episodes);
const zoo = path.resolve(import.meta.dirname, "../policies/zoo");
const names = readdirSync(zoo)
  .filter((name) => existsSync(path.join(zoo, name, "policy.json")))
  .filter((name) => !values.bundle || name === values.bundle);

const pool = new WorkerPool();
const headlines = [];
const bundles = [];
for (const name of names) {
  const folder = path.join(zoo, name);
  const { manifest } = readBundle(folder);
  const config = runConfigSchema(manifest.scene).parse({ scene: manifest.sceneConfig });
  const simulation = simulationOf(manifest.scene, config, SEED);
  const progress = new Progress(worlds.map((world) => world.name));
  const found = [];
  for (const { name: world, engine, contact } of worlds) {
    const chain = { simulation: { ...simulation, engine, contact }, pool, progress };
    const actor = { kind: "bundle", folder } as const;
    const evaluation = await evaluateLink(chain, world, actor, { episodes });
    found.push({ world, ...evaluationFacts(evaluation) });
  }
  const [planar, , mujoco] = found;
  const kept = mujoco.success.rate / planar.success.rate;
  headlines.push({
    what: `policies/zoo/${name}, student, in MuJoCo`,
    value: formatProportion(mujoco.success),
    against: `planar ${formatProportion(planar.success)}: ${(100 * kept).toFixed(0)} % kept`,
  });
  bundles.push({ name, kept, found });
}
await pool.close();
const file = writeResults("transfer", { headlines, required, seed: SEED, episodes, bundles });
for (const { what, value, against } of headlines) console.log(`${what}: ${value} (${against})`);
console.log(file);
