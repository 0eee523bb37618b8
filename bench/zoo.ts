/**
 * Success of the bundles that ship, on starts never trained on: `npx tsx bench/zoo.ts`, or of some of them, `npx tsx bench/zoo.ts push-line`.
 */

import { evaluateLink, evaluationFacts } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { Progress } from "../cli/progress.ts";
import { WorkerPool } from "../rollout/pool.ts";
import { writeResults } from "./harness.ts";
import { type Bundle, caveatOf, commandFor, measureBundles, SEED } from "./zoo-bundles.ts";

const EPISODES = 1024;

const pool = new WorkerPool();
const asked = { names: process.argv.slice(2), episodes: EPISODES };
const bundles = await measureBundles("zoo", asked, measure);
await pool.close();
const headlines = bundles.map(({ name, contact, success, ...row }) => ({
  what: `policies/zoo/${name}, student, ${contact} contacts`,
  value: formatProportion(success),
  against: caveatOf(row),
}));
const command = commandFor("zoo", bundles);
writeResults("zoo", { command, headlines, seed: SEED, bundles });

async function measure({ name, folder, simulation }: Bundle) {
  const progress = new Progress([name]);
  const rows = [];
  for (const contact of ["planar", "coulomb"] as const) {
    const chain = { simulation: { ...simulation, contact }, pool, progress };
    const actor = { kind: "bundle", folder } as const;
    const found = await evaluateLink(chain, `${name} ${contact}`, actor, { episodes: EPISODES });
    rows.push({ contact, ...evaluationFacts(found) });
  }
  return rows;
}
