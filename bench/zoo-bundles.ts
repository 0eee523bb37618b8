/**
 * For benches of the bundles that ship: of all, or of those that the command line names. What was measured of the others before
 * stays as long as they are what it was measured with.
 */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { readBundle } from "../policies/bundle.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { type Origin, originHere, readResults } from "./harness.ts";

/** Starts that no training has. */
export const SEED = 0x5eed;

/** What a row tells besides what was measured. */
export interface OfBundle extends Origin {
  readonly name: string;
  /** SHA-256 of its network. */
  readonly onnx: string;
}

export interface Bundle {
  readonly name: string;
  readonly folder: string;
  /** The scene that it was trained in. */
  readonly simulation: SimulationSpec;
}

/**
 * Rows of all bundles, in the order of their names.
 *
 * @param results name of the file of results, whose `bundles` hold earlier rows
 */
export async function measureBundles<Row extends object>(
  results: string,
  names: readonly string[],
  measure: (bundle: Bundle) => Promise<readonly Row[]>,
): Promise<(Row & OfBundle)[]> {
  const zoo = path.resolve(import.meta.dirname, "../policies/zoo");
  const all = readdirSync(zoo).filter((name) => existsSync(path.join(zoo, name, "policy.json")));
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no "${unknown}" in policies/zoo, but: ${all.join(", ")}.\n`);
    process.exit(1);
  }
  const earlier = readResults<{ readonly bundles: readonly (Row & OfBundle)[] }>(results)?.bundles;
  const rows: (Row & OfBundle)[] = [];
  for (const name of all) {
    const folder = path.join(zoo, name);
    const { manifest } = readBundle(folder);
    const { sha256: onnx } = manifest.onnx;
    if (names.length > 0 && !names.includes(name)) {
      const known = earlier?.filter((row) => row.name === name && row.onnx === onnx);
      rows.push(...(known ?? []));
      continue;
    }
    const config = runConfigSchema(manifest.scene).parse({ scene: manifest.sceneConfig });
    const simulation = simulationOf(manifest.scene, config, SEED);
    const origin = originHere();
    const found = await measure({ name, folder, simulation });
    rows.push(...found.map((row) => ({ name, ...row, onnx, ...origin })));
  }
  return rows;
}
