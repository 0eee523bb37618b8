/**
 * Writes the pictures of docs/viewer.md and the animations there and in README.md, from the page itself in this machine's Chromium:
 * `npx tsx bench/viewer-pictures.ts [live poked sideBySide phone films]`. The zoo's policy drives; every picture is of a moment that the same command finds again.
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { readBundle } from "../policies/bundle.ts";
import { openBrowser } from "../test/viewer/browser.ts";
import { serveFiles } from "../test/viewer/static-site.ts";
import { buildViewer } from "../viewer/build.ts";

const root = path.resolve(import.meta.dirname, "..");
const images = path.join(root, "docs", "images");
const SCENE = "push-pair";
const LIVE = `?scene=${SCENE}&seed=0&start=3&paused`;
/** Most of an episode that ends well. */
const FRAMES = 74;
/** A control step. */
const STEP_ms = 100;

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(120_000);
  await page.goto(url);
  await page.waitForFunction("globalThis.viewer?.drawnPositions?.length > 0");
  return page;
}

/** Plays a live episode quickly until it has so many steps, then shows one of them. */
async function runTo(page: Page, steps: number, shown: number): Promise<void> {
  await page.locator("#speed").selectOption("8");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForFunction(`globalThis.viewer.pane.value.frames.value > ${steps}`);
  await seek(page, shown);
}

async function seek(page: Page, frame: number): Promise<void> {
  const scrubber = page.getByLabel("Time", { exact: true });
  await scrubber.fill(String(frame));
  await scrubber.blur();
  const looked = "globalThis.viewer.pane.value";
  await page.waitForFunction(`${looked}.sight.value?.frame === ${looked}.shown.value`);
  // the next picture of the browser has it
  await page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
  );
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(images, `${name}.png`) });
  await page.close();
}

/** The scene of a student in the zoo that tells most of what it believes. */
function tellingScene(): string {
  const zoo = path.join(root, "policies", "zoo");
  const bundles = readdirSync(zoo)
    .map((name) => path.join(zoo, name))
    .filter((folder) => existsSync(path.join(folder, "policy.json")))
    .map((folder) => readBundle(folder).manifest);
  const tells = bundles.map(({ scene, poses, inputs }) => ({
    scene,
    much: Number(poses !== undefined) + Number(inputs.some(({ name }) => name === "lastSeen")),
  }));
  const [most] = tells.toSorted((a, b) => b.much - a.much);
  return most && most.much > 0 ? most.scene : SCENE;
}

async function live(browser: Browser, url: string): Promise<void> {
  const viewport = { width: 1280, height: 860 };
  const address = `${url}?scene=${tellingScene()}&seed=0&start=3&paused`;
  const page = await open(browser, address, { viewport, colorScheme: "light" });
  await page.getByLabel("Keypoints").check();
  await page.getByLabel("Beliefs").check();
  await runTo(page, FRAMES - 5, 40);
  await page.getByLabel("Plot").selectOption("reward by term");
  await picture(page, "viewer-live");
}

async function poked(browser: Browser, url: string): Promise<void> {
  const viewport = { width: 1024, height: 760 };
  const page = await open(browser, url + LIVE, { viewport, colorScheme: "dark" });
  await page.getByText("Disturb").click();
  await page.getByRole("button", { name: "Add an obstacle" }).click();
  await page.getByLabel("Friction", { exact: true }).fill("2");
  await page.getByLabel("Body to move", { exact: true }).selectOption("object");
  await runTo(page, 30, 28);
  await picture(page, "viewer-disturbed");
}

async function sideBySide(browser: Browser, url: string): Promise<void> {
  const viewport = { width: 1024, height: 700 };
  const page = await open(browser, url, { viewport, colorScheme: "light" });
  await page.getByRole("radio", { name: "Replay" }).check({ force: true });
  await page.getByText("driven by").waitFor();
  await page.getByLabel("Side by side").selectOption("2");
  await page.getByText(/^2: push-pair/).waitFor();
  await seek(page, 12);
  await picture(page, "viewer-replay");
}

async function phone(browser: Browser, url: string): Promise<void> {
  const viewport = { width: 390, height: 844 };
  const options = { viewport, deviceScaleFactor: 1.5, colorScheme: "light" } as const;
  const page = await open(browser, url + LIVE, options);
  await runTo(page, 45, 40);
  await picture(page, "viewer-phone");
}

interface Film {
  readonly name: string;
  readonly scene: string;
  /** Control steps between pictures. */
  readonly every: number;
  /** Times faster than the robot. */
  readonly speed: number;
  /** Whether bodies have their names beside them. */
  readonly names: boolean;
}

/** The scene alone: the first start of seed 0 that ends well, from its first step to its last. */
async function film(browser: Browser, url: string, { name, scene, every, speed, names }: Film) {
  const viewport = { width: 900, height: 700 };
  for (let start = 0; start < 20; start++) {
    const address = `${url}?scene=${scene}&seed=0&start=${start}&paused`;
    const page = await open(browser, address, { viewport, colorScheme: "light" });
    await page.locator("#speed").selectOption("8");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await page.getByLabel("Names").setChecked(names);
    const ending = page.locator(".outcome").filter({ hasText: " after " });
    await ending.waitFor();
    const won = (await ending.textContent())?.startsWith("success");
    if (won) await shoot(page, { name, every, delay_ms: (every * STEP_ms) / speed });
    await page.close();
    if (won) return;
  }
  throw new Error(`No start of ${scene} ends well.`);
}

async function shoot(
  page: Page,
  { name, every, delay_ms }: { name: string; every: number; delay_ms: number },
): Promise<void> {
  await page.addStyleTag({ content: "#views, .outcome { visibility: hidden }" });
  const frames = await page.evaluate<number>("globalThis.viewer.pane.value.frames.value");
  const scene = page.getByLabel(/^Scene 1 in three/);
  const pictures: Buffer[] = [];
  for (let frame = 0; frame < frames - 1; frame += every) {
    await seek(page, frame);
    const png = await scene.screenshot();
    pictures.push(await sharp(png).resize(640).png().toBuffer());
  }
  const delay = pictures.map(() => delay_ms);
  delay[delay.length - 1] = 2000;
  await sharp(pictures, { join: { animated: true } })
    .webp({ quality: 60, delay, loop: 0 })
    .toFile(path.join(images, `${name}.webp`));
}

/** As the page is while one watches, and a whole arrangement for the README. */
async function films(browser: Browser, url: string): Promise<void> {
  await film(browser, url, { name: "viewer", scene: SCENE, every: 2, speed: 1, names: true });
  await film(browser, url, {
    name: "cross",
    scene: "push-cross",
    every: 5,
    speed: 4,
    names: false,
  });
}

mkdirSync(images, { recursive: true });
const folder = mkdtempSync(path.join(tmpdir(), "understudy-pictures-"));
await buildViewer(folder);
const site = await serveFiles(folder);
const browser = await openBrowser();
const takes = { live, poked, sideBySide, phone, films };
const wanted = process.argv.slice(2);
for (const [name, take] of Object.entries(takes)) {
  if (wanted.length === 0 || wanted.includes(name)) await take(browser, site.url);
}
await browser.close();
site.close();
rmSync(folder, { recursive: true });
