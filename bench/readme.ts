/** The results tables of README.md and docs/results.md, made of bench/results/*.json. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { parseConfig } from "../core/config.ts";

const start = "<!-- results: written by bench/write-readme.ts -->";
const end = "<!-- end of results -->";

const headline = z.strictObject({
  what: z.string(),
  value: z.string(),
  against: z.string().optional(),
});
export type Headline = z.output<typeof headline>;

/** Where a row was measured, if it says so; a file's own commit and machine are those of its last writing. */
const row = z.object({ commit: z.string().optional(), cpu: z.string().optional() });
type Row = z.output<typeof row>;

/** What the table reads of a result file: its `headlines`, or else its `timings`, one row each. */
const resultFile = z.object({
  name: z.string(),
  /** What measures it anew. */
  command: z.string(),
  commit: z.string(),
  machine: z.object({ cpu: z.string(), cores: z.number(), node: z.string() }),
  headlines: z.array(headline).optional(),
  policies: z.array(row).default([]),
  results: z.array(row).default([]),
  unit: z.string().default("unit"),
  timings: z.array(z.object({ name: z.string(), unitsPerSecond: z.number() })).default([]),
});
export type ResultFile = z.output<typeof resultFile>;

/** Whose results README.md shows, in this order; docs/results.md shows all. */
const frontPage = [
  "start",
  "zoo",
  "learning-cross",
  "transfer",
  "rollout",
  "physics",
  "bridge",
  "bridge-faults",
  "planner",
];

/** Those of `results` that a newcomer wants to see first. */
export function forFrontPage(results: readonly ResultFile[]): ResultFile[] {
  return frontPage.flatMap((name) => results.filter((result) => result.name === name));
}

/** All result files of a folder, by name. */
export function readResults(folder: string): ResultFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) =>
      parseConfig(resultFile, JSON.parse(readFileSync(path.join(folder, file), "utf8")), file),
    );
}

/** A page with what stands between the markers replaced; `folder` is where the page finds the result files. */
export function withResults(
  page: string,
  results: readonly ResultFile[],
  folder = "bench/results",
): string {
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`internal: the page needs "${start}" and, below it, "${end}".`);
  }
  const text = table(results, folder);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}

function table(results: readonly ResultFile[], folder: string): string {
  const shown = results.filter((result) => headlinesOf(result).length > 0);
  if (shown.length === 0) return "No benchmark has been run yet: `npm run understudy -- bench`.";
  const rows = shown.flatMap((result) =>
    headlinesOf(result).map(({ what, value, against }) => {
      const source = `[${result.name}](${folder}/${result.name}.json)`;
      return [what, value, against ?? "", source].map(cell);
    }),
  );
  return [
    ...markdownTable(["what", "result", "beside it", "measured by"], rows),
    "",
    `Measured on ${places(shown).join("; on ")}.`,
    "",
    `Measured anew by ${commands(shown).join("; ")}.`,
  ].join("\n");
}

/** The command that most results have but for their names, and then those of the others. */
function commands(shown: readonly ResultFile[]): string[] {
  const commandOf = (name: string) => `npx tsx bench/${name}.ts`;
  const others = shown.filter(({ name, command }) => command !== commandOf(name));
  const named = others.map(({ name, command }) => `${name} by \`${command}\``);
  return others.length === shown.length ? named : [`\`${commandOf("NAME")}\``, ...named];
}

/** `Some CPU, 2 cores, Node 20.19.0: physics at 0123456789ab`, one for each machine. */
function places(shown: readonly ResultFile[]): string[] {
  const origins = shown.flatMap(originsOf);
  return [...new Set(origins.map(({ machine }) => machine))].map((machine) => {
    const here = origins.filter((origin) => origin.machine === machine);
    const names = [...new Set(here.map(({ name }) => name))].map((name) => {
      const commits = here.filter((origin) => origin.name === name).map(({ commit }) => commit);
      return `${name} at ${[...new Set(commits)].join(" and ")}`;
    });
    return `${machine}: ${names.join(", ")}`;
  });
}

/** Where each row of a file was measured. Of another processor than the file's, cores and Node are not known. */
function originsOf(result: ResultFile) {
  const { name, commit, machine, policies, results } = result;
  const rows = [...policies, ...results];
  return (rows.length > 0 ? rows : [{}]).map((origin: Row) => ({
    name,
    commit: origin.commit ?? commit,
    machine: (origin.cpu ?? machine.cpu) === machine.cpu ? machineOf(result) : String(origin.cpu),
  }));
}

/** Padded as the formatter wants it, so that `npm run check` has nothing to say. */
function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((title, c) =>
    Math.max(3, title.length, ...rows.map((row) => [...row[c]].length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, c) => text + " ".repeat(widths[c] - [...text].length)).join(" | ")} |`;
  return [line(titles), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

function headlinesOf({ headlines, unit, timings, name: bench }: ResultFile): readonly Headline[] {
  if (headlines) return headlines;
  return timings.map(({ name, unitsPerSecond }) => ({
    what: `${bench}: ${name}`,
    value: `${Math.round(unitsPerSecond).toLocaleString("en-US")} ${unit}s/s`,
  }));
}

function machineOf({ machine: { cpu, cores, node } }: ResultFile): string {
  return `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, Node ${node.replace(/^v/, "")}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ");
}
