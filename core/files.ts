/** Files as they are found, and files that are either whole or absent: written beside the target, then renamed over it. */

import {
  accessSync,
  constants,
  type Dirent,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { FileError } from "./errors.ts";

/** Whether a folder, and not a file, lies there. */
export function isFolder(source: string): boolean {
  return existsSync(source) && statSync(source).isDirectory();
}

/** What lies in a folder; nothing where there is none, or none that may be read. */
export function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** What the system knows of a file; undefined where no file lies, or none that may be looked at. */
export function statsOf(file: string): Stats | undefined {
  try {
    const stats = statSync(file);
    return stats.isFile() ? stats : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes one file so that a reader, or a crash, never sees half of it. Makes the folder if needed. `mode` holds from the
 * first byte on, also while the file is written: 0o600 for what others must not read.
 */
export function writeFileWhole(file: string, data: string | Uint8Array, mode = 0o666): void {
  makeFolder(path.dirname(file));
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

/** Makes sure that `writeFileWhole` will find a place for `file`, before hours of work are to go there. @throws FileError */
export function claimFile(file: string): void {
  if (isFolder(file)) throw new FileError(`"${file}" is a folder. Give the name of a file.`);
  claimFolder(path.dirname(file));
}

/** The same for files that are to go into `folder`, which is made where there is none. @throws FileError */
export function claimFolder(folder: string): void {
  makeFolder(folder);
  accessSync(folder, constants.W_OK);
}

/** Makes a folder and those that it lies in. Node's own way of doing so never ends below /proc. */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = path.dirname(path.resolve(folder));
  makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    // another process may have been faster
    if (isFolder(folder)) return;
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new FileError(
      `Cannot make the folder "${folder}": no folder can be made in "${parent}".`,
    );
  }
}

/**
 * Fills a new folder by `fill`, then puts it in the place of `folder`. On error nothing changes.
 *
 * @param names of what such a folder holds: one that holds anything else is somebody's, and stays
 * @throws FileError where it is, before `fill` begins
 */
export async function writeFolderWhole(
  folder: string,
  names: readonly string[],
  fill: (beside: string) => void | Promise<void>,
): Promise<void> {
  const place = path.resolve(folder);
  refuseForeign(place, names);
  const [beside, former] = ["partial", "former"].map((kind) => `${place}.${process.pid}.${kind}`);
  rmSync(beside, { recursive: true, force: true });
  makeFolder(beside);
  try {
    await fill(beside);
    putInPlace(beside, place, former);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw error;
  }
}

function refuseForeign(place: string, names: readonly string[]): void {
  if (!existsSync(place)) return;
  if (!isFolder(place)) throw new FileError(`"${place}" is a file. Give a folder.`);
  const foreign = readdirSync(place).find((name) => !names.includes(name));
  if (foreign === undefined) return;
  throw new FileError(
    `"${place}" holds "${foreign}", which would be lost. Give a new folder, or an empty one.`,
  );
}

/** What lay there before is gone only once the new folder is there. */
function putInPlace(beside: string, place: string, former: string): void {
  if (existsSync(place)) renameSync(place, former);
  try {
    renameSync(beside, place);
  } catch (error) {
    if (existsSync(former)) renameSync(former, place);
    throw error;
  }
  rmSync(former, { recursive: true, force: true });
}
