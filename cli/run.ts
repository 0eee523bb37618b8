/** One command line, from words to exit code: 0 done, 1 bad input, 70 our bug, 130 interrupted. */

import { ConfigError, isUserError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import { applySettings } from "../core/settings.ts";
import { parseOptions } from "./args.ts";
import type { Command, Context, Io } from "./command.ts";
import type { CommandEntry } from "./commands/index.ts";
import { helpOf, overview } from "./help.ts";

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
    if (to.signal.aborted && !isUserError(error)) return 130;
    return explain(error, to.io);
  }
}

async function dispatch(words: readonly string[], to: RunOptions): Promise<void> {
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const about = name === "help" ? rest[0] : undefined;
    if (about === undefined) return to.io.out(overview(to.commands));
    return dispatch([about, "--help"], to);
  }
  const names = Object.keys(to.commands);
  if (!Object.hasOwn(to.commands, name)) {
    throw new ConfigError(
      `Unknown command "${name}".${didYouMean(name, names)} Commands: ${names.join(", ")}.`,
    );
  }
  const { summary, load } = to.commands[name];
  const command = await load();
  const args = parseOptions(name, command, rest);
  if (args.help) return to.io.out(helpOf(name, summary, command));
  await command.run(contextOf(command, args, to));
}

function contextOf(
  command: Command,
  args: ReturnType<typeof parseOptions>,
  { io, signal }: RunOptions,
): Context {
  return {
    options: args.options as Context["options"],
    positionals: args.positionals,
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
export function explain(error: unknown, io: Io): number {
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
