/** Answers on disk, under the hash of everything that was asked. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { FileError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";

const entrySchema = z.strictObject({
  answer: z.string(),
  tokens: z.strictObject({ input: z.int().min(0), output: z.int().min(0) }),
});
export type CachedAnswer = z.output<typeof entrySchema>;

export class AnswerCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** An entry that cannot be read counts as none: it is asked for again and written anew. */
  find(asked: unknown): CachedAnswer | undefined {
    const file = this.#file(asked);
    if (!existsSync(file)) return undefined;
    try {
      return entrySchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
    } catch {
      return undefined;
    }
  }

  /** @throws FileError where the folder cannot be written to */
  keep(asked: unknown, entry: CachedAnswer): void {
    try {
      writeFileWhole(this.#file(asked), `${JSON.stringify(entry)}\n`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new FileError(
        `The answer cannot be kept in the cache "${this.#folder}": ${reason}. Give another folder, or do without a cache.`,
      );
    }
  }

  #file(asked: unknown): string {
    const hash = createHash("sha256").update(JSON.stringify(asked)).digest("hex");
    return path.join(this.#folder, `${hash}.json`);
  }
}
