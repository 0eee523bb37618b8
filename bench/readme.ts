/** The results table of README.md, made of bench/results/*.json. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { parseConfig } from "../core/config.ts";

const start = "<!-- results: written by bench/write-readme.ts -->";
const end = "<!-- end of results -->";

/** What the table needs of a result file; a file without `headlines` is linked, not shown. */
const resultFile = z.object({
  name: z.string(),
  commit: z.string(),
  machine: z.object({ cpu: z.string(), cores: z.number(), node: z.string() }),
  headlines: z
    .array(z.strictObject({ what: z.string(), value: z.string(), against: z.string().optional() }))
    .default([]),
});
export type ResultFile = z.output<typeof resultFile>;

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

/** The README with what stands between the markers replaced. */
export function withResults(readme: string, results: readonly ResultFile[]): string {
  const from = readme.indexOf(start);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`internal: README.md needs "${start}" and, below it, "${end}".`);
  }
  return `${readme.slice(0, from + start.length)}\n\n${table(results)}\n\n${readme.slice(to)}`;
}

function table(results: readonly ResultFile[]): string {
  const shown = results.filter(({ headlines }) => headlines.length > 0);
  if (shown.length === 0) return "No benchmark has been run yet: `npm run understudy -- bench`.";
  const machines = [...new Set(shown.map(machineOf))];
  const rows = shown.flatMap((result) =>
    result.headlines.map(({ what, value, against }) => {
      const note = machines.length > 1 ? ` (${machines.indexOf(machineOf(result)) + 1})` : "";
      const source = `[${result.name}](bench/results/${result.name}.json), ${result.commit}${note}`;
      return `| ${[what, value, against ?? "", source].map(cell).join(" | ")} |`;
    }),
  );
  const listed = machines.map((machine, i) =>
    machines.length > 1 ? `(${i + 1}) ${machine}` : machine,
  );
  return [
    "| what | result | beside it | measured by, at commit |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    `Measured on ${listed.join("; ")}.`,
  ].join("\n");
}

function machineOf({ machine: { cpu, cores, node } }: ResultFile): string {
  return `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, Node ${node.replace(/^v/, "")}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ");
}
