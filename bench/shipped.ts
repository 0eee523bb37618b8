/**
 * For benches of the policies that ship: of all that they are about, or of those that the command line names. What was measured of the
 * others before stays as long as they are what it was measured with.
 */

import { readdirSync } from "node:fs";
import path from "node:path";
import { type AnyPolicy, readAnyPolicy } from "../cli/any-policy.ts";
import { ownScene, runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { isFolder } from "../core/files.ts";
import { readBundle } from "../policies/bundle.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { commandOf, digest, digestOf, type Origin, originHere, readResults } from "./harness.ts";

/** Starts that no training has. */
export const SEED = 0x5eed;

const policies = path.resolve(import.meta.dirname, "..", "policies");

/** What a row tells besides what was measured. */
export interface OfPolicy extends Origin {
  /** Its path below policies/. */
  readonly name: string;
  /** Digest of its weights. */
  readonly weights: string;
  /** Digest of what was simulated, and of how many episodes; rows from before it was kept may have none. */
  readonly asked?: string;
}

export interface Shipped {
  readonly name: string;
  readonly policy: AnyPolicy;
  /** The scene that it was trained in. */
  readonly simulation: SimulationSpec;
}

/** A bench of policies: its file of results, whose `policies` hold its rows, and what it measures. */
export interface Asked {
  readonly results: string;
  /** Folders of policies/ whose policies it is about. */
  readonly folders: readonly ("zoo" | "students" | "teachers")[];
  /** Those to measure now; all, if empty. */
  readonly names: readonly string[];
  readonly episodes: number;
}

/**
 * Whether an earlier row measured what would be measured now: the same network in the same simulation. A row
 * that does not know its simulation counts on, and `caveatOf` says so.
 */
export function stillHolds(
  { weights, asked }: Pick<OfPolicy, "weights" | "asked">,
  now: { readonly weights: string; readonly asked: string },
): boolean {
  return weights === now.weights && (asked ?? now.asked) === now.asked;
}

/** What a reader of a row's headline has to know beside it; undefined where there is nothing. */
export function caveatOf({ asked }: Pick<OfPolicy, "asked">): string | undefined {
  return asked === undefined ? "measured before its scene's settings were kept with it" : undefined;
}

/** What measures all of these rows anew, whichever calls they came from. */
export function commandFor(
  { results, folders }: Pick<Asked, "results" | "folders">,
  rows: readonly { readonly name: string }[],
  more: readonly string[] = [],
): string {
  const names = [...new Set(rows.map(({ name }) => name))];
  const words = [...(names.length === namesIn(folders).length ? [] : names), ...more];
  return commandOf(path.join(import.meta.dirname, `${results}.ts`), words);
}

/** Of all policies there, as paths below policies/; the planner of the zoo acts on no robot. */
function namesIn(folders: Asked["folders"]): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(policies, folder)).map((file) => path.posix.join(folder, file)),
    )
    .filter((name) => name !== "zoo/planner");
}

/**
 * Rows of all policies, in the order of their names. Of those that are not to be measured now, earlier rows that
 * still hold; where there are some that do not, standard error says so.
 */
export async function measureShipped<Row extends object>(
  { results, folders, names, episodes }: Asked,
  measure: (shipped: Shipped) => Promise<readonly Row[]>,
): Promise<(Row & OfPolicy)[]> {
  const all = namesIn(folders);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no "${unknown}" in policies/, but: ${all.join(", ")}.\n`);
    process.exit(1);
  }
  const earlier = readResults<{ readonly policies: readonly (Row & OfPolicy)[] }>(results);
  const rows: (Row & OfPolicy)[] = [];
  for (const name of all) {
    const { weights, ...shipped } = read(name);
    const asked = digest({ simulation: shipped.simulation, episodes });
    if (names.length > 0 && !names.includes(name)) {
      const known = earlier?.policies.filter((row) => row.name === name) ?? [];
      const holding = known.filter((row) => stillHolds(row, { weights, asked }));
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
    const found = await measure(shipped);
    rows.push(...found.map((row) => ({ name, ...row, weights, asked, ...origin })));
  }
  return rows;
}

/** The policy of that name, the scene that it was made for, and a digest of its weights. */
function read(name: string): Shipped & { readonly weights: string } {
  const source = path.join(policies, name);
  const policy = readAnyPolicy(source);
  const config = runConfigSchema(policy.scene).parse(ownScene(policy, policy.scene));
  const simulation = simulationOf(policy.scene, config, SEED);
  const weights = isFolder(source)
    ? readBundle(source).manifest.onnx.sha256.slice(0, 12)
    : digestOf(new Uint8Array(Float32Array.from(policy.theta ?? []).buffer));
  return { name, policy, simulation, weights };
}
