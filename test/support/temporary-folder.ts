/** Folders for what tests write. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";

/** A new folder, removed after the tests of the file, or of the `describe`, that asks for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "understudy-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
