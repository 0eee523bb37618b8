/**
 * How much of a student's success is kept in MuJoCo, an engine it has never met: `npx tsx bench/transfer.ts`, or of some bundles of the
 * zoo, `npx tsx bench/transfer.ts zoo/push-cross zoo/push-pair`. `--episodes 1024` asks for more than 256 starts.
 *
 * Each runs the same starts in planar contacts, in coulomb contacts and in MuJoCo.
 */

import { parseArgs } from "node:util";
import { evaluateLink, evaluationFacts } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { Progress } from "../cli/progress.ts";
import { WorkerPool } from "../rollout/pool.ts";
import { writeResults } from "./harness.ts";
import { caveatOf, commandFor, measureShipped, SEED, type Shipped } from "./shipped.ts";

/** What the transfer issue asks for. */
const required = { shareOfPlanar: 0.85 };
const worlds = [
  { name: "planar", engine: "rapier", contact: "planar" },
  { name: "coulomb", engine: "rapier", contact: "coulomb" },
  { name: "MuJoCo", engine: "mujoco", contact: "planar" },
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { episodes: { type: "string", default: "256" } },
});
const episodes = Number(values.episodes);

const asked = { results: "transfer", folders: ["zoo"], names: positionals, episodes } as const;

const pool = new WorkerPool();
const policies = await measureShipped(asked, measure);
await pool.close();
const headlines = policies.map(({ name, kept, found: [planar, , mujoco], ...row }) => {
  const share = `planar ${formatProportion(planar.success)}: ${(100 * kept).toFixed(0)} % kept`;
  return {
    what: `policies/${name}, student, in MuJoCo`,
    value: formatProportion(mujoco.success),
    against: [share, caveatOf(row) ?? []].flat().join("; "),
  };
});
const more = values.episodes === "256" ? [] : ["--episodes", values.episodes];
const command = commandFor(asked, policies, more);
const file = writeResults("transfer", { command, headlines, required, seed: SEED, policies });
for (const { what, value, against } of headlines) console.log(`${what}: ${value} (${against})`);
console.log(file);

async function measure({ policy, simulation }: Shipped) {
  const progress = new Progress(worlds.map((world) => world.name));
  const found = [];
  for (const { name: world, engine, contact } of worlds) {
    const chain = { simulation: { ...simulation, engine, contact }, pool, progress };
    const evaluation = await evaluateLink(chain, world, policy.actor, { episodes });
    found.push({ world, ...evaluationFacts(evaluation) });
  }
  const [planar, , mujoco] = found;
  return [{ kept: mujoco.success.rate / planar.success.rate, found }];
}
