/** The run report: one self-contained page for people, and the same data as JSON for programs. */

import path from "node:path";
import { writeFileWhole } from "../core/files.ts";
import type { Proportion } from "../core/statistics.ts";
import { formatCount, formatDuration, formatInteger, formatPercent } from "./format.ts";
import { curveFigure } from "./report-curve.ts";
import type { Fact, ReportPhase, ReportResult, RunReport } from "./report-data.ts";
import { escapeText, htmlTable, safeHref } from "./report-markup.ts";
import { reportStyle } from "./report-style.ts";

/** Writes `report.html` and `report.json` into `folder` and returns the path of the page. */
export function writeReport(folder: string, data: RunReport): string {
  // both are complete before either is written
  const page = renderReport(data);
  const json = `${JSON.stringify(data, null, 2)}\n`;
  writeFileWhole(path.join(folder, "report.json"), json);
  const file = path.join(folder, "report.html");
  writeFileWhole(file, page);
  return file;
}

/** The page as text. It loads nothing from elsewhere and runs no script. */
export function renderReport(data: RunReport): string {
  const title = escapeText(data.title);
  const sections = [
    tiles(data.results),
    section("Results", resultsTable(data.results)),
    section("Learning", grid(data.curves.map(curveFigure))),
    section("How the failures ended", grid(data.results.flatMap(failures))),
    section("Time", phases(data.phases)),
    section("Run", facts(data.facts)),
    section("Files", links(data)),
    config(data.config),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>${title} – Understudy</title>
<style>
${reportStyle}
</style>
</head>
<body>
<header><h1>${title}</h1><p class="quiet">${escapeText(data.summary)}</p></header>
${sections.filter((markup) => markup !== "").join("\n")}
</body>
</html>
`;
}

function section(title: string, markup: string): string {
  return markup === "" ? "" : `<section><h2>${title}</h2>\n${markup}\n</section>`;
}

function grid(cells: readonly string[]): string {
  return cells.length === 0 ? "" : `<div class="grid">\n${cells.join("\n")}\n</div>`;
}

/** The headline: one number a policy. */
function tiles(results: readonly ReportResult[]): string {
  if (results.length === 0) return "";
  const cells = results.map(({ name, success }) => {
    const bounds = `${percents(success)} at 95 %, ${formatInteger(success.trials)} episodes`;
    return `<div class="tile"><span>${escapeText(name)}</span><b>${formatPercent(success.rate)}</b>${shareBar(success)}<small>${bounds}</small></div>`;
  });
  return `<div class="grid tiles">\n${cells.join("\n")}\n</div>`;
}

/** The rate as a bar, its interval as a paler band over the end. */
function shareBar({ rate, low, high }: Proportion): string {
  const share = Number.isFinite(rate) ? rate : 0;
  const x = (value: number) => (value * 100).toFixed(2);
  return [
    '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">',
    '<rect class="track" x="0" y="2" width="100" height="6"/>',
    `<rect class="rate" x="0" y="2" width="${x(share)}" height="6"/>`,
    `<rect class="range" x="${x(low)}" y="0" width="${x(Math.max(high - low, 0.004))}" height="10"/>`,
    "</svg>",
  ].join("");
}

function percents({ low, high }: Proportion): string {
  return `${(low * 100).toFixed(1)}–${(high * 100).toFixed(1)} %`;
}

function resultsTable(results: readonly ReportResult[]): string {
  if (results.length === 0) return "";
  const labels = [
    ...new Set(results.flatMap(({ measures = [] }) => measures.map(({ label }) => label))),
  ];
  const rows = results.map(({ name, success, measures = [] }) => [
    escapeText(name),
    formatPercent(success.rate),
    percents(success),
    formatInteger(success.trials),
    ...labels.map((label) => escapeText(measures.find((m) => m.label === label)?.value ?? "–")),
  ]);
  const titles = ["Policy", "Success", "95 % interval", "Episodes", ...labels];
  return `<div class="panel">${htmlTable(titles, rows)}</div>`;
}

function failures({ name, failures: kinds }: ReportResult): string[] {
  if (!kinds) return [];
  const sorted = Object.entries(kinds).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...sorted.map(([, count]) => count));
  const rows = sorted.map(([kind, count]) =>
    barRow(escapeText(kind), count / most, formatInteger(count), "bad"),
  );
  const body =
    rows.length === 0 ? '<p class="quiet">None.</p>' : `<div class="bars">${rows.join("\n")}</div>`;
  return [`<figure><figcaption>${escapeText(name)}</figcaption>${body}</figure>`];
}

function phases(list: readonly ReportPhase[]): string {
  if (list.length === 0) return "";
  const total_s = list.reduce((sum, { wall_s }) => sum + wall_s, 0);
  const longest_s = Math.max(...list.map(({ wall_s }) => wall_s), 1e-9);
  const rows = list.map(({ name, wall_s, done, unit }, i) => {
    const pace = `${formatCount(done)} ${escapeText(unit)}`;
    const label = `${formatDuration(wall_s)} <span class="quiet">${pace}</span>`;
    return barRow(escapeText(name), wall_s / longest_s, label, `k${i % 6}`);
  });
  return `<div class="panel"><div class="bars">${rows.join("\n")}</div><p class="quiet">${formatDuration(total_s)} in all.</p></div>`;
}

/** Three cells of `.bars`; `label` and `value` are markup. */
function barRow(label: string, share: number, value: string, kind: string): string {
  const width = `${(share * 100).toFixed(1)}%`;
  return `<span>${label}</span><i class="${kind}" style="width:${width}"></i><span>${value}</span>`;
}

function facts(list: readonly Fact[]): string {
  if (list.length === 0) return "";
  const rows = list.map(
    ({ label, value }) => `<dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd>`,
  );
  return `<div class="panel"><dl>${rows.join("\n")}</dl></div>`;
}

function links({ links: list }: RunReport): string {
  if (list.length === 0) return "";
  const rows = list.map(({ label, href, note }) => {
    const more = note === undefined ? "" : ` <span class="quiet">${escapeText(note)}</span>`;
    return `<li><a href="${safeHref(href)}">${escapeText(label)}</a>${more}</li>`;
  });
  return `<div class="panel"><ul>${rows.join("\n")}</ul></div>`;
}

function config(value: unknown): string {
  if (value === undefined) return "";
  const text = escapeText(JSON.stringify(value, null, 2));
  return `<details><summary>Configuration</summary><pre>${text}</pre></details>`;
}
