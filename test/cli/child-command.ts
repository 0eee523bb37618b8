/** Runs a command line in a process of its own, which knows no more than a command that somebody types. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { root } from "../support/run-block.ts";

/** What it said and ended with; `onErr` hears what it has said so far. */
export async function run(
  words: readonly string[],
  onErr?: (err: string, child: ReturnType<typeof start>) => void,
) {
  const child = start(words);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    err += data;
    onErr?.(err, child);
  });
  const [code] = await once(child, "close");
  return { code, out, err };
}

function start(words: readonly string[]) {
  const flags = ["--import", "tsx", "--conditions=understudy-source", "cli/main.ts"];
  return spawn(process.execPath, [...flags, ...words], { cwd: root });
}
