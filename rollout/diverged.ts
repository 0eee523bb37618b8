/** Keeps what led a simulation to where it stopped being finite. */

import { closeSync, mkdirSync, openSync } from "node:fs";
import { writeFileWhole } from "../core/files.ts";

/** Writes the report to the first free `runs/diverged-<n>.json` and returns that path. */
export function saveDiverged(report: string): string {
  mkdirSync("runs", { recursive: true });
  let number = 1;
  while (!reserve(`runs/diverged-${number}.json`)) number++;
  const file = `runs/diverged-${number}.json`;
  writeFileWhole(file, report);
  return file;
}

/** Makes the file, unless another worker has: several may diverge at once. */
function reserve(file: string): boolean {
  try {
    closeSync(openSync(file, "wx"));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
