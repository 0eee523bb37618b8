/**
 * The viewer's figures, from the built page in this machine's Chromium, drawn by the processor: `npx tsx bench/viewer.ts`.
 *
 * Weight of the page, time to the first moving picture, frames a second and how physics keeps up, the slowest frame of
 * four scenes at once, and whether 32 seeds and 32 starts end in the page as they do in Node, bit by bit. Writes
 * bench/results/viewer.json.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { median } from "../core/statistics.ts";
import { readBundle } from "../policies/bundle.ts";
import { loadPolicy } from "../policies/runtime/node.ts";
import { loadWebPolicy } from "../policies/runtime/web.ts";
import { openBrowser } from "../test/viewer/browser.ts";
import { serveFiles } from "../test/viewer/static-site.ts";
import { buildViewer, weigh } from "../viewer/build.ts";
import { type SurveyedStart, type SurveyOver, undisturbed } from "../viewer/messages.ts";
import { policyDriver } from "../viewer/worker/drivers.ts";
import { laterBy, surveyStart } from "../viewer/worker/survey.ts";
import { writeResults } from "./harness.ts";
import type { Headline } from "./readme.ts";

const SCENE = "push-pair";
/** Seeds, and starts of one seed. */
const EPISODES = 32;
const BUNDLE = path.resolve(import.meta.dirname, "..", "policies", "zoo", SCENE);
const WATCHED_s = 8;

async function open(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(url);
  return page;
}

/** From opening the page to the first frame in which a body has moved. */
async function firstMovingPicture_s(browser: Browser, url: string): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const before = performance.now();
  await page.goto(url, { waitUntil: "commit" });
  await page.waitForFunction(
    `(() => {
      const now = globalThis.viewer?.drawnPositions?.[0]?.join();
      globalThis.first ??= now;
      return now !== undefined && now !== globalThis.first;
    })()`,
    undefined,
    { polling: "raf" },
  );
  const after = performance.now();
  await page.close();
  return (after - before) / 1000;
}

interface Pace {
  readonly framesPerSecond: number;
  readonly slowestFrame_ms: number;
  /** The longest that a scene stood still while it moved: scenes take turns where drawing is slow. */
  readonly slowestPicture_ms: number;
  /** Seconds of simulation in a second of the wall's clock, while an episode is played. */
  readonly realTimeFactor: number;
}

/** Frames that the browser drew, once the episode is under way. */
async function paceOf(browser: Browser, url: string): Promise<Pace> {
  const page = await open(browser, url);
  await page.waitForFunction("globalThis.viewer?.time_s.value > 1");
  const pace = await page.evaluate<Pace>(`new Promise((resolve) => {
    const stamps = [];
    let slowestPicture_ms = 0;
    for (const { view } of globalThis.viewer.panes.value) {
      const render = view.render.bind(view);
      let drawn = performance.now();
      let moving = false;
      view.render = () => {
        const now = performance.now();
        const changed = render();
        // a scene that waits for its next start has nothing to draw
        if (changed && moving) slowestPicture_ms = Math.max(slowestPicture_ms, now - drawn);
        moving = changed;
        drawn = now;
        return changed;
      };
    }
    // an episode that is over stands still until the next one begins
    const over = () => globalThis.viewer.pane.value.outcome.value !== undefined;
    let simulated_s = 0;
    let played_ms = 0;
    let last_s = globalThis.viewer.time_s.value;
    let wasOver = over();
    const frame = (now) => {
      const time_s = globalThis.viewer.time_s.value;
      if (stamps.length > 0 && !wasOver && time_s >= last_s) {
        simulated_s += time_s - last_s;
        played_ms += now - stamps[stamps.length - 1];
      }
      last_s = time_s;
      wasOver = over();
      stamps.push(now);
      const wall_s = (now - stamps[0]) / 1000;
      if (wall_s < ${WATCHED_s}) return requestAnimationFrame(frame);
      const gaps = stamps.slice(1).map((stamp, i) => stamp - stamps[i]);
      resolve({
        framesPerSecond: gaps.length / wall_s,
        slowestFrame_ms: Math.max(...gaps),
        slowestPicture_ms,
        realTimeFactor: (1000 * simulated_s) / played_ms,
      });
    };
    requestAnimationFrame(frame);
  })`);
  await page.close();
  return pace;
}

/** The episodes as the page's own button runs them. */
async function surveyInPage(
  browser: Browser,
  url: string,
  over: SurveyOver,
): Promise<SurveyedStart[]> {
  const page = await open(browser, `${url}?scene=${SCENE}&paused`);
  await page.getByText("Many episodes").click();
  await page.getByLabel("Episodes", { exact: true }).fill(String(EPISODES));
  await page.getByLabel("What the episodes run over").selectOption(over);
  await page.getByRole("button", { name: "Run them" }).click();
  await page.waitForFunction(
    `globalThis.viewer.survey.results.value.length === ${EPISODES}`,
    undefined,
    { timeout: 600_000 },
  );
  const results = await page.evaluate<SurveyedStart[]>("globalThis.viewer.survey.results.value");
  await page.close();
  return results;
}

async function surveyInNode(runtime: "web" | "native", over: SurveyOver): Promise<SurveyedStart[]> {
  const policy =
    runtime === "web" ? await loadWebPolicy(readBundle(BUNDLE)) : await loadPolicy(BUNDLE);
  const driver = policyDriver(policy, SCENE, SCENE);
  const first = { scene: SCENE, settings: [], seed: 0, start: 0, disturbance: undisturbed };
  const results: SurveyedStart[] = [];
  for (let i = 0; i < EPISODES; i++) {
    results.push(await surveyStart(laterBy(first, over, i), driver));
  }
  driver.close();
  return results;
}

interface Results {
  readonly weight_bytes: ReturnType<typeof weigh>;
  readonly firstMovingPicture_s: { readonly median: number; readonly all: readonly number[] };
  readonly oneScene: Pace;
  readonly fourScenes: Pace;
  readonly seeds: Awaited<ReturnType<typeof comparison>>;
  readonly starts: Awaited<ReturnType<typeof comparison>>;
}

/** How the page's episodes compare with those of Node. */
async function comparison(browser: Browser, url: string, over: SurveyOver) {
  const inPage = await surveyInPage(browser, url, over);
  const inNode = await surveyInNode("web", over);
  const native = await surveyInNode("native", over);
  return {
    count: EPISODES,
    succeededInPage: inPage.filter(({ outcome }) => outcome === "success").length,
    sameHashInNode: alike(inPage, inNode, "hash"),
    sameOutcomeInNode: alike(inPage, inNode, "outcome"),
    sameOutcomeOnNativeRuntime: alike(inPage, native, "outcome"),
  };
}

const alike = (a: readonly SurveyedStart[], b: readonly SurveyedStart[], key: "hash" | "outcome") =>
  a.filter((result, i) => result[key] === b[i][key]).length;

/** A line each for the README. */
function headlinesOf({ weight_bytes, firstMovingPicture_s, ...found }: Results): Headline[] {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const { raw, gzip, brotli } = weight_bytes;
  const compared = [found.seeds, found.starts];
  const total = (of: "count" | "sameHashInNode" | "sameOutcomeOnNativeRuntime") =>
    compared.reduce((sum, one) => sum + one[of], 0);
  const paces = [
    ["one scene", found.oneScene],
    ["four scenes at once", found.fourScenes],
  ] as const;
  return [
    {
      what: "the files of the page, compressed",
      value: `${megabytes(brotli)} by Brotli, ${megabytes(gzip)} by gzip`,
      against: `${megabytes(raw)} as it is`,
    },
    {
      what: "from opening the page to the first moving picture, drawn by the processor",
      value: `${firstMovingPicture_s.median.toFixed(2)} s`,
    },
    ...paces.map(([what, { framesPerSecond, slowestFrame_ms, realTimeFactor }]) => ({
      what: `${what} in the page, drawn by the processor`,
      value: `${framesPerSecond.toFixed(0)} frames/s, slowest ${slowestFrame_ms.toFixed(0)} ms, ${realTimeFactor.toFixed(2)} of real time`,
    })),
    {
      what: `${SCENE}: episodes in the page that are Node's to the bit`,
      value: `${total("sameHashInNode")} of ${total("count")}`,
      against: `same outcome with the native runtime: ${total("sameOutcomeOnNativeRuntime")}`,
    },
  ];
}

const folder = mkdtempSync(path.join(tmpdir(), "understudy-site-"));
await buildViewer(folder);
const site = await serveFiles(folder);
const browser = await openBrowser();
const firsts: number[] = [];
for (let i = 0; i < 5; i++) firsts.push(await firstMovingPicture_s(browser, site.url));
const one = await paceOf(browser, site.url);
const four = await paceOf(browser, `${site.url}?panes=4`);
const results: Results = {
  weight_bytes: weigh(folder),
  firstMovingPicture_s: { median: median(firsts), all: firsts },
  oneScene: one,
  fourScenes: four,
  seeds: await comparison(browser, site.url, "seeds"),
  starts: await comparison(browser, site.url, "starts"),
};
await browser.close();
site.close();
rmSync(folder, { recursive: true });
writeResults("viewer", { headlines: headlinesOf(results), ...results });
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
process.exit(0);
