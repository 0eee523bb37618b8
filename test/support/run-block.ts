/** Code blocks of the documentation: which there are, and running one. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "..", "..");

/** Code of the `ts` blocks of a page, such as `docs/scenes.md`, in their order; indented ones are no programs. */
export function blocksOf(page: string): string[] {
  const text = readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code);
}

/** What the file of a block is called: as its first line says (`// visit-two.ts`), for other blocks to import, or as given. */
export function fileNameOf(code: string, otherwise: string): string {
  return /^\/\/ ([\w-]+\.ts)\n/.exec(code)?.[1] ?? otherwise;
}

/**
 * Runs a block in a process of its own.
 *
 * @param file where to write it: inside the package, so that `understudy/sim` is found by its own name
 * @returns what it said on both its outputs
 * @throws Error, with what it said, when it did not end well
 */
export async function runBlock(code: string, file: string): Promise<string> {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, code);
  const flags = ["--import", "tsx", "--conditions=understudy-source", file];
  const child = spawn(process.execPath, flags, { cwd: root });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      said += text;
    });
  }
  const [status, killer] = await once(child, "close");
  if (status !== 0) throw new Error(`The block ended with ${status ?? killer}: ${said}`);
  return said;
}
