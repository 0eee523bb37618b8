import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { renderReport, writeReport } from "../../cli/report.ts";
import { thin, ticks } from "../../cli/report-curve.ts";
import { escapeText } from "../../cli/report-markup.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { sampleReport } from "./sample-report.ts";

const folders = temporaryFolder();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(folders, "report-"));
});

describe("writeReport", () => {
  it("writes the page and the same data as JSON", () => {
    const file = writeReport(path.join(folder, "deep"), sampleReport);
    expect(file).toBe(path.join(folder, "deep", "report.html"));
    expect(readdirSync(path.dirname(file)).sort()).toEqual(["report.html", "report.json"]);
    const data = JSON.parse(readFileSync(path.join(folder, "deep", "report.json"), "utf8"));
    expect(data.results[0].success.successes).toBe(498);
    expect(data.phases).toEqual(sampleReport.phases);
  });

  it("writes nothing when the data cannot be shown", () => {
    const bad = { ...sampleReport, links: [{ label: "x", href: "javascript:alert(1)" }] };
    expect(() => writeReport(folder, bad)).toThrow("no path and no web address");
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(["report.html", "report.json"])(
    "leaves the %s of an earlier run whole when a new one cannot be written",
    (name) => {
      writeReport(folder, sampleReport);
      const file = path.join(folder, name);
      const before = readFileSync(file, "utf8");
      // where the new one is written before it takes the old one's place: a folder stops root, too
      mkdirSync(`${file}.${process.pid}.partial`);
      expect(() => writeReport(folder, { ...sampleReport, title: "another run" })).toThrow();
      expect(readFileSync(file, "utf8")).toBe(before);
    },
  );
});

describe("renderReport", () => {
  const page = renderReport(sampleReport);

  it("shows every result, phase, failure, fact and file", () => {
    for (const text of [
      "97.3 %",
      "95.5–98.4 %",
      "512",
      "touched the anchor",
      "lost sight of &lt;box&gt;",
    ]) {
      expect(page).toContain(text);
    }
    for (const text of [
      "4:11",
      "6.20M steps",
      "8:05 in all",
      "p50 1.1 ms",
      "Nothing was recorded.",
    ]) {
      expect(page).toContain(text);
    }
    expect(page).toContain('<a href="bundle/policy.json">policy bundle</a>');
    expect(page).toContain('<a href="replays/episode%207.json">replay 7</a>');
    expect(page.match(/<polyline/g)).toHaveLength(4);
  });

  it("is well-formed: every tag that opens closes, in order", () => {
    expect(openTags(page)).toEqual([]);
  });

  it("asks for nothing from elsewhere and runs no script", () => {
    expect(page).not.toMatch(/<(script|link|img|iframe)\b|@import|url\(|https?:/);
  });

  it("is well-formed with nothing in it", () => {
    const nothing = { results: [], phases: [], curves: [], facts: [], links: [] };
    const empty = renderReport({ title: "t", summary: "s", ...nothing });
    expect(openTags(empty)).toEqual([]);
    expect(empty).not.toContain("<section>");
  });

  it("cannot be broken out of by any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const hostile = renderReport({
          ...sampleReport,
          title: text,
          facts: [{ label: text, value: `"><script>${text}` }],
          results: [{ ...sampleReport.results[0], name: text, failures: { [text]: 1 } }],
        });
        expect(hostile).not.toContain("<script");
        expect(openTags(hostile)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

describe("diagrams", () => {
  it("puts ticks on round numbers around the data", () => {
    expect(ticks(0, 4.9, 4)).toEqual([0, 2, 4, 6]);
    // a quarter of the span is 0.0027, and the next round step is 0.005
    expect(ticks(0.009, 0.0197, 4)).toEqual([0.005, 0.01, 0.015, 0.02]);
    expect(ticks(0.1, 0.3, 2)).toEqual([0.1, 0.2, 0.3]);
    expect(ticks(7, 7, 4).length).toBeGreaterThan(1);
  });

  it("covers the data with at most a dozen ticks", () => {
    const number = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const marks = ticks(low, high, 4);
        const slack = 1e-8 * Math.max(1, Math.abs(low), Math.abs(high));
        expect(marks[0]).toBeLessThanOrEqual(low + slack);
        expect(marks[marks.length - 1]).toBeGreaterThanOrEqual(high - slack);
        expect(marks.length).toBeLessThanOrEqual(12);
      }),
    );
  });

  it("averages a long curve without moving its mean", () => {
    const points = Array.from({ length: 2400 }, (_, i) => [i, i % 7] as const);
    const shorter = thin(points);
    const mean = (list: typeof points) => list.reduce((sum, [, y]) => sum + y, 0) / list.length;
    expect(shorter).toHaveLength(240);
    expect(mean([...shorter])).toBeCloseTo(mean(points), 9);
  });
});

it("escapes what HTML reads and drops control characters", () => {
  expect(escapeText(`<a href="x">'&\u0000\u001b`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
});

/** Tags still open at the end, or the first one that does not match; a page well-formed as XML has none. */
function openTags(html: string): string[] {
  const withoutStyle = html.replace(/<style>.*?<\/style>/s, "").replace(/<!doctype html>/, "");
  const open: string[] = [];
  for (const [tag, closing, name, selfClosing] of withoutStyle.matchAll(
    /<(\/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (selfClosing) continue;
    if (!closing) open.push(name);
    else if (open.pop() !== name) return [`unexpected ${tag}`];
  }
  // a "<" that is no tag would be text that was not escaped
  const leftOver = withoutStyle.replace(/<\/?[a-zA-Z][^<>]*>/g, "");
  return leftOver.includes("<") ? ["stray <", ...open] : open;
}
