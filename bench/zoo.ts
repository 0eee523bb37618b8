/**
 * Success of the bundles that ship, on starts never trained on: `npx tsx bench/zoo.ts`, or of some of them, `npx tsx bench/zoo.ts push-line`.
 * What is known of the others stays as long as they are what it was measured with.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { evaluateLink, evaluationFacts } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { Progress } from "../cli/progress.ts";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { readBundle } from "../policies/bundle.ts";
import { WorkerPool } from "../rollout/pool.ts";
import { commit, machine, resultsFile, writeResults } from "./harness.ts";

const EPISODES = 1024;
const SEED = 0x5eed;

interface Row extends ReturnType<typeof evaluationFacts> {
  readonly name: string;
  readonly contact: "planar" | "coulomb";
  /** SHA-256 of its network. */
  readonly onnx: string;
  readonly commit: string;
  readonly cpu: string;
}

const zoo = path.resolve(import.meta.dirname, "../policies/zoo");
const names = readdirSync(zoo).filter((name) => existsSync(path.join(zoo, name, "policy.json")));
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`There is no "${unknown}" in policies/zoo, but: ${names.join(", ")}.\n`);
  process.exit(1);
}

const measured = names.filter((name) => wanted.length === 0 || wanted.includes(name));
let rows = earlierRows().filter(({ name }) => !measured.includes(name));
const pool = new WorkerPool();
for (const name of measured) rows = [...rows, ...(await rowsOf(name))];
await pool.close();
const bundles = rows.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
const headlines = bundles.map(({ name, contact, success }) => ({
  what: `policies/zoo/${name}, student, ${contact} contacts`,
  value: formatProportion(success),
}));
writeResults("zoo", { headlines, seed: SEED, bundles });

async function rowsOf(name: string): Promise<Row[]> {
  const folder = path.join(zoo, name);
  const { manifest } = readBundle(folder);
  const config = runConfigSchema(manifest.scene).parse({ scene: manifest.sceneConfig });
  const simulation = simulationOf(manifest.scene, config, SEED);
  const progress = new Progress([name]);
  const found: Row[] = [];
  for (const contact of ["planar", "coulomb"] as const) {
    const chain = { simulation: { ...simulation, contact }, pool, progress };
    const actor = { kind: "bundle", folder } as const;
    const ends = await evaluateLink(chain, `${name} ${contact}`, actor, { episodes: EPISODES });
    const origin = { onnx: manifest.onnx.sha256, commit: commit(), cpu: machine().cpu };
    found.push({ name, contact, ...evaluationFacts(ends), ...origin });
  }
  return found;
}

function earlierRows(): readonly Row[] {
  const file = resultsFile("zoo");
  if (!existsSync(file)) return [];
  const { bundles } = JSON.parse(readFileSync(file, "utf8")) as { bundles: readonly Row[] };
  return bundles.filter(
    ({ name, onnx }) =>
      names.includes(name) && readBundle(path.join(zoo, name)).manifest.onnx.sha256 === onnx,
  );
}
