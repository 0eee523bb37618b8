/** Puts the latest results into README.md and docs/results.md. Run after a benchmark: `npx tsx bench/write-readme.ts`. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { writeFileWhole } from "../core/files.ts";
import { forFrontPage, readResults, withResults } from "./readme.ts";

const root = path.resolve(import.meta.dirname, "..");
const results = readResults(path.join(root, "bench", "results"));
rewrite("README.md", (page) => withResults(page, forFrontPage(results)));
rewrite("docs/results.md", (page) => withResults(page, results, "../bench/results"));

function rewrite(name: string, change: (page: string) => string): void {
  const file = path.join(root, name);
  const before = readFileSync(file, "utf8");
  const after = change(before);
  if (after !== before) writeFileWhole(file, after);
  console.log(after === before ? `${name} is up to date.` : `${name} now has the latest results.`);
}
