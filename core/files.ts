/** Files that are either whole or absent: written beside the target, then renamed over it. */

import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Whether a folder, and not a file, lies there. */
export function isFolder(source: string): boolean {
  return existsSync(source) && statSync(source).isDirectory();
}

/**
 * Writes one file so that a reader, or a crash, never sees half of it. Makes the folder if needed. `mode` holds from the
 * first byte on, also while the file is written: 0o600 for what others must not read.
 */
export function writeFileWhole(file: string, data: string | Uint8Array, mode = 0o666): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}.partial`;
  // one that is left over would keep its own mode
  rmSync(beside, { force: true });
  try {
    writeFileSync(beside, data, { mode, flag: "wx" });
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
