/** Runs a command line in this process and keeps what it wrote. */

import type { CommandEntry } from "../../cli/commands/index.ts";
import { runCommandLine } from "../../cli/run.ts";

export async function runCommand(
  commands: Readonly<Record<string, CommandEntry>>,
  words: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await runCommandLine(words, { commands, io, signal });
  return { code, out, err };
}
