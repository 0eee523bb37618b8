/**
 * For benches of the bundles that ship: of all, or of those that the command line names. What was measured of the others before
 * stays as long as they are what it was measured with.
 */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { readBundle } from "../policies/bundle.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { commandOf, digest, type Origin, originHere, readResults } from "./harness.ts";

/** Starts that no training has. */
export const SEED = 0x5eed;

const zoo = path.resolve(import.meta.dirname, "../policies/zoo");

/** What a row tells besides what was measured. */
export interface OfBundle extends Origin {
  readonly name: string;
  /** SHA-256 of its network. */
  readonly onnx: string;
  /** Digest of what was simulated, and of how many episodes; rows from before it was kept may have none. */
  readonly asked?: string;
}

export interface Bundle {
  readonly name: string;
  readonly folder: string;
  /** The scene that it was trained in. */
  readonly simulation: SimulationSpec;
}

/**
 * Whether an earlier row measured what would be measured now: the same network in the same simulation. A row
 * that does not know its simulation counts on, and `caveatOf` says so.
 */
export function stillHolds(
  { onnx, asked }: Pick<OfBundle, "onnx" | "asked">,
  now: { readonly onnx: string; readonly asked: string },
): boolean {
  return onnx === now.onnx && (asked ?? now.asked) === now.asked;
}

/** What a reader of a row's headline has to know beside it; undefined where there is nothing. */
export function caveatOf({ asked }: Pick<OfBundle, "asked">): string | undefined {
  return asked === undefined ? "measured before its scene's settings were kept with it" : undefined;
}

/** What measures all of these rows anew, whichever calls they came from. */
export function commandFor(
  results: string,
  rows: readonly { readonly name: string }[],
  more: readonly string[] = [],
): string {
  const names = [...new Set(rows.map(({ name }) => name))];
  const words = [...(names.length === bundleNames().length ? [] : names), ...more];
  return commandOf(path.join(import.meta.dirname, `${results}.ts`), words);
}

/** Of all that ship. */
function bundleNames(): string[] {
  return readdirSync(zoo).filter((name) => existsSync(path.join(zoo, name, "policy.json")));
}

/**
 * Rows of all bundles, in the order of their names. Of those that `names` leaves out, unless it is empty, earlier rows that
 * still hold; where there are some that do not, standard error says so.
 *
 * @param results name of the file of results, whose `bundles` hold earlier rows
 */
export async function measureBundles<Row extends object>(
  results: string,
  { names, episodes }: { readonly names: readonly string[]; readonly episodes: number },
  measure: (bundle: Bundle) => Promise<readonly Row[]>,
): Promise<(Row & OfBundle)[]> {
  const all = bundleNames();
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
    const config = runConfigSchema(manifest.scene).parse({ scene: manifest.sceneConfig });
    const simulation = simulationOf(manifest.scene, config, SEED);
    const asked = digest({ simulation, episodes });
    if (names.length > 0 && !names.includes(name)) {
      const known = (earlier ?? []).filter((row) => row.name === name);
      const holding = known.filter((row) => stillHolds(row, { onnx, asked }));
      if (holding.length < known.length) {
        const again = `npx tsx bench/${results}.ts ${name}`;
        process.stderr.write(
          `${name} is not what was measured before; measure it with ${again}.\n`,
        );
      }
      rows.push(...holding);
      continue;
    }
    const origin = originHere();
    const found = await measure({ name, folder, simulation });
    rows.push(...found.map((row) => ({ name, ...row, onnx, asked, ...origin })));
  }
  return rows;
}
