/** `understudy bench <name>`: runs a script of bench/ in a process of its own, then updates the README. */

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { defineCommand, jsonOption } from "../command.ts";

/** Files of bench/ that measure nothing themselves. */
const notBenches = ["harness", "learner", "readme", "shipped", "viewer-pictures", "write-readme"];

export const bench = defineCommand({
  examples: [
    ["bench", "list the benchmarks"],
    ["bench physics", "measure physics steps per second"],
    ['bench learning "cross --seeds 1"', "one with words of its own, which its file explains"],
  ],
  positionals: ["name", "words"],
  options: { ...jsonOption },
  async run({ positionals: [name, words = ""], report, signal }) {
    const folder = path.resolve(import.meta.dirname, "../../bench");
    const names = benchNames(folder);
    if (name === undefined) return report(names, () => names.join("\n"));
    if (!names.includes(name)) {
      throw new ConfigError(
        `Unknown benchmark "${name}".${didYouMean(name, names)} Benchmarks: ${names.join(", ")}.`,
      );
    }
    await runScript(path.join(folder, `${name}.ts`), signal, wordsOf(words));
    if (!signal.aborted) await runScript(path.join(folder, "write-readme.ts"), signal);
  },
});

function benchNames(folder: string): string[] {
  if (!existsSync(folder)) {
    throw new ConfigError(
      "Expected a bench folder beside cli/, found none: the benchmarks are part of the repository, not of the package. Clone it to run them.",
    );
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.basename(file, ".ts"))
    .filter((name) => !notBenches.includes(name))
    .sort();
}

/** `"cross --variants 'last seen'"` as a shell would give it: blanks part words, but not in quotes. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(
    ([word, double, single]) => double ?? single ?? word,
  );
}

/** The child writes to our own streams; Ctrl-C reaches it as part of the terminal's group. */
function runScript(
  script: string,
  signal: AbortSignal,
  words: readonly string[] = [],
): Promise<void> {
  const flags = ["--import", import.meta.resolve("tsx"), script, ...words];
  const child = spawn(process.execPath, flags, { stdio: "inherit" });
  signal.addEventListener("abort", () => child.kill("SIGINT"), { once: true });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0 || signal.aborted) resolve();
      else
        reject(
          new ConfigError(
            `${path.basename(script)} failed with exit code ${code}; its message is above.`,
          ),
        );
    });
  });
}
