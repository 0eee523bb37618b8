/** Puts the latest results into README.md. Run after a benchmark: `npx tsx bench/write-readme.ts`. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { writeFileWhole } from "../core/files.ts";
import { readResults, withResults } from "./readme.ts";

const root = path.resolve(import.meta.dirname, "..");
const file = path.join(root, "README.md");
const before = readFileSync(file, "utf8");
const after = withResults(before, readResults(path.join(root, "bench", "results")));
if (after !== before) writeFileWhole(file, after);
console.log(
  after === before ? "README.md is up to date." : "README.md now has the latest results.",
);
