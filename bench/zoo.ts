/**
 * Success of the bundles that ship, on starts never trained on: `npx tsx bench/zoo.ts`, or of some of them, `npx tsx bench/zoo.ts push-line`.
 * What is known of the others stays as long as they are what it was measured with.
 */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { evaluateLink, evaluationFacts } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { Progress } from "../cli/progress.ts";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { readBundle } from "../policies/bundle.ts";
import { WorkerPool } from "../rollout/pool.ts";
import { type Origin, originHere, readResults, writeResults } from "./harness.ts";

const EPISODES = 1024;
const SEED = 0x5eed;

interface Row extends ReturnType<typeof evaluationFacts>, Origin {
  readonly name: string;
  readonly contact: "planar" | "coulomb";
  /** SHA-256 of its network. */
  readonly onnx: string;
}

const zoo = path.resolve(import.meta.dirname, "../policies/zoo");
const names = readdirSync(zoo).filter((name) => existsSync(path.join(zoo, name, "policy.json")));
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`There is no "${unknown}" in policies/zoo, but: ${names.join(", ")}.\n`);
  process.exit(1);
}

const earlier = readResults<{ readonly bundles: readonly Row[] }>("zoo")?.bundles ?? [];
const pool = new WorkerPool();
const bundles: Row[] = [];
for (const name of names) {
  const isWanted = wanted.length === 0 || wanted.includes(name);
  bundles.push(...(isWanted ? await measure(name) : known(name)));
}
await pool.close();
const headlines = bundles.map(({ name, contact, success }) => ({
  what: `policies/zoo/${name}, student, ${contact} contacts`,
  value: formatProportion(success),
}));
writeResults("zoo", { headlines, seed: SEED, bundles });

async function measure(name: string): Promise<Row[]> {
  const folder = path.join(zoo, name);
  const { manifest } = readBundle(folder);
  const config = runConfigSchema(manifest.scene).parse({ scene: manifest.sceneConfig });
  const simulation = simulationOf(manifest.scene, config, SEED);
  const progress = new Progress([name]);
  const made = { onnx: manifest.onnx.sha256, ...originHere() };
  const rows: Row[] = [];
  for (const contact of ["planar", "coulomb"] as const) {
    const chain = { simulation: { ...simulation, contact }, pool, progress };
    const actor = { kind: "bundle", folder } as const;
    const found = await evaluateLink(chain, `${name} ${contact}`, actor, { episodes: EPISODES });
    rows.push({ name, contact, ...evaluationFacts(found), ...made });
  }
  return rows;
}

/** What was measured of this very bundle before. */
function known(name: string): readonly Row[] {
  const { sha256 } = readBundle(path.join(zoo, name)).manifest.onnx;
  return earlier.filter((row) => row.name === name && row.onnx === sha256);
}
