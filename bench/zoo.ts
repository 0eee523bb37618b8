/** Success of the bundles that ship, on starts never trained on: `npx tsx bench/zoo.ts`. */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { evaluateLink, evaluationFacts } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { Progress } from "../cli/progress.ts";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { readBundle } from "../policies/bundle.ts";
import { WorkerPool } from "../rollout/pool.ts";
import { writeResults } from "./harness.ts";

const EPISODES = 1024;
const SEED = 0x5eed;

const zoo = path.resolve(import.meta.dirname, "../policies/zoo");
const names = readdirSync(zoo).filter((name) => existsSync(path.join(zoo, name, "policy.json")));
const pool = new WorkerPool();
const bundles = [];
for (const name of names) {
  const folder = path.join(zoo, name);
  const { manifest } = readBundle(folder);
  const config = runConfigSchema(manifest.scene).parse({ scene: manifest.sceneConfig });
  const simulation = simulationOf(manifest.scene, config, SEED);
  const progress = new Progress([name]);
  for (const contact of ["planar", "coulomb"] as const) {
    const chain = { simulation: { ...simulation, contact }, pool, progress };
    const actor = { kind: "bundle", folder } as const;
    const found = await evaluateLink(chain, `${name} ${contact}`, actor, { episodes: EPISODES });
    bundles.push({ name, contact, ...evaluationFacts(found) });
  }
}
await pool.close();
const headlines = bundles.map(({ name, contact, success }) => ({
  what: `policies/zoo/${name}, student, ${contact} contacts`,
  value: formatProportion(success),
}));
writeResults("zoo", { headlines, seed: SEED, bundles });
