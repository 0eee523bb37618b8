/** Keeps what reproduces a simulation that stopped being finite. */

import { existsSync } from "node:fs";
import { writeFileWhole } from "../core/files.ts";

/** Writes the report to the first free `runs/diverged-<n>.json` and returns that path. */
export function saveDiverged(report: string): string {
  let number = 1;
  while (existsSync(`runs/diverged-${number}.json`)) number++;
  const file = `runs/diverged-${number}.json`;
  writeFileWhole(file, report);
  return file;
}
