/** What a batch is opened with, for those whom no types hold back. */

import { ConfigError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import { checkSeed } from "../core/rng.ts";
import { contactModes } from "./contact/empty-world.ts";
import { engineNames } from "./engines/open.ts";
import { purposes } from "./episode-streams.ts";
import { refuseUnknownGroups } from "./observations.ts";
import type { SceneBatchOptions } from "./scene-batch.ts";

/** @throws ConfigError for a name that there is not, and for a number that is none */
export function checkBatch(options: SceneBatchOptions): void {
  const { seed, purpose, groups, contact, engine, firstEnv = 0 } = options;
  refuseUnknownGroups(groups);
  checkSeed(seed);
  checkName("purpose", purpose, purposes);
  if (contact !== undefined) checkName("contact", contact, contactModes);
  if (engine !== undefined) checkName("engine", engine, engineNames);
  if (Number.isInteger(firstEnv) && firstEnv >= 0) return;
  throw new ConfigError(
    `Expected the number of the first environment, 0 or more, got ${firstEnv}.`,
  );
}

function checkName(what: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const all = names.map((one) => `"${one}"`).join(" or ");
  throw new ConfigError(
    `Expected "${what}" to be ${all}, got "${name}".${didYouMean(name, names)}`,
  );
}
