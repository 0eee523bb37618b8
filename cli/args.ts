/** Command-line words to typed options, over `node:util` parseArgs; every refusal is one sentence. */

import { parseArgs } from "node:util";
import { numberIn } from "../core/assignments.ts";
import { ConfigError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import type { Command, Option, Options, Value } from "./command.ts";

export interface ParsedArgs {
  readonly options: Record<string, Value>;
  readonly positionals: readonly string[];
  /** `--set` assignments as written, in order. */
  readonly sets: readonly string[];
  readonly help: boolean;
}

/** Every option a command answers to, the ones common to all commands included. */
export function allOptions(command: Command): Options {
  const help = { type: "boolean", description: "show this page" } as const;
  const set = {
    type: "string",
    description: "path.to.option=value: change the configuration; may be repeated",
  } as const;
  return { ...command.options, ...(command.config ? { set } : {}), help };
}

/** Parses the words after the command's name. `name` is for messages only. */
export function parseOptions(name: string, command: Command, words: readonly string[]): ParsedArgs {
  const options = allOptions(command);
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([key, option]) => [
        key,
        { type: option.type === "boolean" ? ("boolean" as const) : ("string" as const) },
      ]),
    ),
  });
  const given: ParsedArgs["options"] = {};
  const sets: string[] = [];
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    if (token.name === "h" && token.rawName === "-h") {
      given.help = true;
      continue;
    }
    const option = knownOption(name, options, token.name, token.rawName);
    const value = valueFor(token.rawName, option, token.value, token.inlineValue ?? false);
    if (token.name === "set") sets.push(String(value));
    else if (option.type === "files")
      given[token.name] = [...filesIn(given, token.name), String(value)];
    else given[token.name] = value;
  }
  const help = given.help === true;
  delete given.help;
  if (help) return { options: given, positionals, sets, help };
  checkPositionals(name, command, positionals);
  return { options: withDefaults(name, command.options, given), positionals, sets, help };
}

/** The files that an option of type "files" was given. */
export function filesIn(given: ParsedArgs["options"], name: string): readonly string[] {
  const files = given[name];
  return Array.isArray(files) ? files : [];
}

function knownOption(command: string, options: Options, name: string, rawName: string): Option {
  if (Object.hasOwn(options, name)) return options[name];
  const names = Object.keys(options).map((key) => `--${key}`);
  throw new ConfigError(
    `Unknown option "${rawName}" of "${command}".${didYouMean(rawName, names)} Options: ${names.join(", ")}.`,
  );
}

function valueFor(
  flag: string,
  option: Option,
  value: string | undefined,
  inline: boolean,
): string | number | boolean {
  if (option.type === "boolean") {
    if (value === undefined) return true;
    throw new ConfigError(
      `"${flag}" takes no value, got "${value}". Write it alone, or leave it out.`,
    );
  }
  const isNextFlag = !inline && value?.startsWith("-") && !Number.isFinite(numberIn(value));
  if (value === undefined || value === "" || isNextFlag) {
    const found = value ? `"${value}"` : "nothing";
    throw new ConfigError(`"${flag}" needs a value, got ${found}. Write ${flag} ${hint(option)}.`);
  }
  if (option.type === "number") return numberOf(flag, option, value);
  if (option.type === "string" && option.choices && !option.choices.includes(value)) {
    throw new ConfigError(
      `"${flag}" must be one of ${option.choices.join(", ")}, got "${value}".${didYouMean(value, option.choices)}`,
    );
  }
  return value;
}

function numberOf(flag: string, option: Option & { type: "number" }, text: string): number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = option;
  const value = numberIn(text);
  const wrongKind = !Number.isFinite(value) || (option.integer && !Number.isInteger(value));
  if (wrongKind || value < min || value > max) {
    throw new ConfigError(`"${flag}" must be ${describeNumber(option)}, got "${text}".`);
  }
  return value;
}

function describeNumber({ integer, min, max }: Option & { type: "number" }): string {
  const kind = integer ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind} of at least ${min}`;
  if (max !== undefined) return `${kind} of at most ${max}`;
  return kind;
}

/** What stands for the value in help and messages. */
export function hint(option: Option): string {
  if (option.type === "number") return "NUMBER";
  if (option.type === "files") return "FILE";
  if (option.type === "string" && option.choices) return option.choices.join("|");
  return "TEXT";
}

function checkPositionals(name: string, command: Command, positionals: readonly string[]): void {
  const allowed = command.positionals ?? [];
  if (positionals.length <= allowed.length) return;
  const extra = positionals[allowed.length];
  const expected = allowed.length > 0 ? `only ${allowed.join(" and ")}` : "no words";
  throw new ConfigError(
    `"${name}" takes ${expected} besides its options, got "${extra}". See "understudy ${name} --help".`,
  );
}

function withDefaults(
  name: string,
  options: Options,
  given: ParsedArgs["options"],
): ParsedArgs["options"] {
  const values: ParsedArgs["options"] = {};
  for (const [key, option] of Object.entries(options)) {
    values[key] = given[key] ?? fallbackOf(option);
    if (values[key] === undefined && "required" in option) {
      throw new ConfigError(`"${name}" needs --${key} ${hint(option)}: ${option.description}.`);
    }
  }
  return values;
}

function fallbackOf(option: Option): Value {
  if (option.type === "boolean") return false;
  return option.type === "files" ? [] : option.default;
}
