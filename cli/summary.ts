/** The end of a run on the terminal: the same data as the report, as text. */

import path from "node:path";
import { formatCount, formatDuration, formatProportion } from "./format.ts";
import type { ReportResult, RunReport } from "./report-data.ts";
import { formatTable } from "./table.ts";

/** Results, times, facts and files. `folder` is where the links of the report start from. */
export function formatSummary(data: RunReport, folder: string): string {
  const parts = [
    results(data.results),
    table(
      ["phase", "time", "done"],
      data.phases.map(({ name, wall_s, done, unit }) => [
        name,
        formatDuration(wall_s),
        `${formatCount(done)} ${unit}`,
      ]),
    ),
    table(
      ["run", ""],
      data.facts.map(({ label, value }) => [label, value]),
    ),
    table(
      ["file", "where"],
      data.links.map(({ label, href }) => [
        label,
        /^https?:/.test(href) ? href : path.join(folder, href),
      ]),
    ),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function results(list: readonly ReportResult[]): string {
  const labels = [...new Set(list.flatMap(({ measures = [] }) => measures.map((m) => m.label)))];
  const rows = list.map(({ name, success, measures = [], failures = {} }) => [
    name,
    formatProportion(success),
    ...labels.map((label) => measures.find((m) => m.label === label)?.value ?? "–"),
    Object.entries(failures)
      .sort((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${count} ${kind}`)
      .join(", "),
  ]);
  return table(["policy", "success", ...labels, "failures"], rows);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0
    ? ""
    : formatTable(
        titles.map((title) => ({ title })),
        rows,
      );
}
