/** Files that are either whole or absent: written beside the target, then renamed over it. */

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Writes one file so that a reader, or a crash, never sees half of it. Makes the folder if needed. */
export function writeFileWhole(file: string, data: string | Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(beside, data);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Fills a new folder by `fill`, then puts it in the place of `folder`. On error nothing changes. */
export async function writeFolderWhole(
  folder: string,
  fill: (beside: string) => void | Promise<void>,
): Promise<void> {
  const beside = `${folder}.${process.pid}.partial`;
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true });
  try {
    await fill(beside);
    rmSync(folder, { recursive: true, force: true });
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw error;
  }
}
