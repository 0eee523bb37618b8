/** The `--help` pages, generated from the tables the commands run on. */

import type { z } from "zod";
import { settingsOf } from "../core/settings.ts";
import { allOptions, hint, type ParsedArgs } from "./args.ts";
import type { Command, Configuration, Option } from "./command.ts";
import type { CommandEntry } from "./commands/index.ts";

/** `understudy --help`. */
export function overview(commands: Readonly<Record<string, CommandEntry>>): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [name, summary] as const);
  return `${[
    "Trains a privileged teacher, distils a visual student, and puts it on a robot.",
    "",
    "Usage: understudy <command> [options]",
    "",
    "Commands:",
    ...columns(rows),
    "",
    'Options of a command: "understudy <command> --help". The version: "understudy --version".',
  ].join("\n")}\n`;
}

/** `understudy <command> --help`. */
export function helpOf(
  name: string,
  summary: string,
  command: Command,
  given: ParsedArgs["options"] = {},
): string {
  const words = (command.positionals ?? []).map((word) => ` [${word}]`).join("");
  const lines = [
    summary,
    "",
    `Usage: understudy ${name}${words} [options]`,
    "",
    "Options:",
    ...columns(Object.entries(allOptions(command)).map(([key, o]) => [flag(key, o), about(o)])),
  ];
  if (command.config) {
    const { schema, base, whose } = configurationOf(command, given);
    lines.push("", `Configuration (--set path=value)${whose}:`, ...settings(schema, base));
  }
  if (command.examples.length > 0) {
    lines.push("", "Examples:");
    for (const [line, does] of command.examples)
      lines.push(`  # ${does}`, ...shellLines(`understudy ${line}`));
  }
  return `${lines.join("\n")}\n`;
}

/** By the options that were given, or would be. */
function configurationOf(
  { config, options }: Command,
  given: ParsedArgs["options"],
): Configuration {
  if (typeof config !== "function") return { schema: config as z.ZodType, whose: "" };
  const defaults = Object.entries(options).map(([key, option]) => [
    key,
    "default" in option ? option.default : undefined,
  ]);
  return config({ ...Object.fromEntries(defaults), ...given });
}

function flag(name: string, option: Option): string {
  if (name === "set") return "--set PATH=VALUE";
  return option.type === "boolean" ? `--${name}` : `--${name} ${hint(option)}`;
}

function about(option: Option): string {
  if (option.type === "boolean" || option.type === "files") return option.description;
  if (option.required) return `${option.description} (required)`;
  return option.default === undefined || option.default === ""
    ? option.description
    : `${option.description} (default ${option.default})`;
}

function settings(schema: z.ZodType, base?: object): string[] {
  return columns(
    settingsOf(schema, base).map(({ path, type, default: value, description }) => {
      const short = value !== undefined && value.length > 40 ? `${value.slice(0, 39)}…` : value;
      const left = short === undefined ? path : `${path}=${short}`;
      return [left, description ? `${description} (${type})` : type];
    }),
  );
}

/** Two columns, two spaces in; the right one is wrapped so that no line passes 100 characters. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(44, Math.max(...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, 100 - width - 4);
    const first =
      left.length > width ? [`  ${left}`, ""] : [`  ${left.padEnd(width)}  ${lines[0]}`];
    const rest = left.length > width ? lines : lines.slice(1);
    const indented = rest.map((line) => `${" ".repeat(width + 4)}${line}`);
    return [...first.filter((line) => line !== ""), ...indented];
  });
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

/** A command line as a shell takes it, broken before an option where it is too long. */
function shellLines(line: string): string[] {
  const width = 96;
  if (line.length <= width) return [`  ${line}`];
  const cut = line.lastIndexOf(" --", width - 2);
  if (cut < 0) return [`  ${line}`];
  const rest = shellLines(line.slice(cut + 1)).map((part) => `  ${part}`);
  return [`  ${line.slice(0, cut)} \\`, ...rest];
}
