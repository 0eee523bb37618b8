/** One command line, from words to exit code: 0 done, 1 bad input, 70 our bug, 130 interrupted. */

import { asUserError, ConfigError, isUserError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import { packageFacts } from "../core/package-root.ts";
import { applySettings } from "../core/settings.ts";
import { filesIn, parseOptions } from "./args.ts";
import type { Command, Context, Io } from "./command.ts";
import type { CommandEntry } from "./commands/index.ts";
import { helpOf, overview } from "./help.ts";
import { addModules, addPlans } from "./modules.ts";

export interface RunOptions {
  readonly commands: Readonly<Record<string, CommandEntry>>;
  readonly io: Io;
  /** Aborted when the person at the keyboard wants to stop. */
  readonly signal: AbortSignal;
}

/** Runs one command line (`words` without node and the script) and returns its exit code. */
export async function runCommandLine(words: readonly string[], to: RunOptions): Promise<number> {
  try {
    await dispatch(words, to);
    return to.signal.aborted ? 130 : 0;
  } catch (error) {
    if (to.signal.aborted && !isUserError(asUserError(error))) return 130;
    return explain(error, to.io);
  }
}

async function dispatch(words: readonly string[], to: RunOptions): Promise<void> {
  const [first, ...after] = words;
  if (first === "--version" || first === "-v") return to.io.out(`${packageFacts().version}\n`);
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const about = first === "help" ? after : [];
    if (about.length === 0) return to.io.out(overview(to.commands));
    return dispatch([...about, "--help"], to);
  }
  const { name, rest } = nameIn(words, Object.keys(to.commands));
  const { summary, load } = to.commands[name];
  const command = await load();
  const args = parseOptions(name, command, rest);
  await addModules(filesIn(args.options, "module"));
  if (args.help) return to.io.out(helpOf(name, summary, command, args.options));
  if ("module" in command.options) await addPlans();
  await command.run(contextOf(command, args, to));
}

/**
 * The command that `words` begin with, and the words after it. A name of two words may be written with a hyphen,
 * and wins over one that is its first word: "plan train" trains, it does not plan "train".
 */
function nameIn(words: readonly string[], names: readonly string[]) {
  const [first, second] = words;
  const pair = `${first} ${second}`;
  const name = names.find((name) => name === pair);
  if (name !== undefined) return { name, rest: words.slice(2) };
  const single = names.find((name) => name === first || name.replace(" ", "-") === first);
  if (single !== undefined) return { name: single, rest: words.slice(1) };
  throw new ConfigError(
    `Unknown command "${first}".${didYouMean(first, names)} Commands: ${names.join(", ")}.`,
  );
}

function contextOf(
  command: Command,
  args: ReturnType<typeof parseOptions>,
  { io, signal }: RunOptions,
): Context {
  return {
    options: args.options as Context["options"],
    positionals: args.positionals,
    sets: args.sets,
    signal,
    io,
    configure: (schema, base) => applySettings(schema, args.sets, base),
    report: (data, text) => {
      const asJson = "json" in command.options && args.options.json === true;
      io.out(asJson ? `${JSON.stringify(data, null, 2)}\n` : ensureNewline(text()));
    },
  };
}

function ensureNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** Says what went wrong, for a person or for us, and returns the exit code. */
export function explain(thrown: unknown, io: Io): number {
  const error = asUserError(thrown);
  if (isUserError(error)) {
    io.err(ensureNewline(error.message));
    return 1;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.err(
    `${trace}\n\nThis is a bug in Understudy, not in your input. Please report the lines above.\n`,
  );
  return 70;
}
