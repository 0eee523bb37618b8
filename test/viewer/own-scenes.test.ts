/** `understudy view --module`: a scene of a project of one's own, in the page. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildViewer } from "../../viewer/build.ts";
import { serveViewer } from "../../viewer/server.ts";
import { blocksOf, root } from "../support/run-block.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { coloursOf, drawnPositions, hasChromium, openBrowser } from "./browser.ts";
import { serveFiles } from "./static-site.ts";

/** Has packages of its own, which here are links. */
const project = temporaryFolder();
const module = path.join(project, "scenes", "visit-two.ts");
let viewer: ChildProcess;
let url: string;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (!hasChromium) return;
  writeFileSync(path.join(project, "package.json"), '{ "type": "module" }');
  mkdirSync(path.join(project, "node_modules"));
  symlinkSync(root, path.join(project, "node_modules", "understudy"));
  symlinkSync(path.join(root, "node_modules", "zod"), path.join(project, "node_modules", "zod"));
  mkdirSync(path.dirname(module));
  const [scene] = blocksOf("docs/add-a-scene.md");
  const inTwoFiles = scene.replace("const BOXES = [1, 2];", 'import { BOXES } from "../boxes.ts";');
  expect(inTwoFiles).not.toBe(scene);
  writeFileSync(module, inTwoFiles);
  writeFileSync(path.join(project, "boxes.ts"), "export const BOXES = [1, 2];\n");
  writeFileSync(path.join(project, "scenes", "notes.ts"), "export const notes = 1;\n");
  [url, browser] = await Promise.all([view(), openBrowser()]);
});

afterEach(() => page?.close());

afterAll(async () => {
  await browser?.close();
  if (viewer?.exitCode !== null) return;
  viewer.kill("SIGINT");
  await once(viewer, "close");
});

/** Starts the viewer in the project; its address. */
async function view(): Promise<string> {
  const flags = ["--import", import.meta.resolve("tsx"), "--conditions=understudy-source"];
  const main = path.join(root, "cli", "main.ts");
  // another than other tests have
  const port = 20_000 + (process.pid % 20_000);
  const words = ["view", "--module", "scenes/visit-two.ts", "--port", String(port)];
  viewer = spawn(process.execPath, [...flags, main, ...words], { cwd: project });
  let said = "";
  return new Promise((resolve, reject) => {
    const hear = (data: Buffer) => {
      said += data;
      const address = /http:\S+/.exec(said)?.[0];
      if (address) resolve(address);
    };
    viewer.stdout?.on("data", hear);
    viewer.stderr?.on("data", hear);
    viewer.on("close", () => reject(new Error(said)));
  });
}

async function open(where: string): Promise<void> {
  page = await browser.newPage({ viewport: { width: 900, height: 640 } });
  page.setDefaultTimeout(15_000);
  await page.goto(where);
}

const alert = () => page.locator("#alert");

/** The scene is chosen from the list, and the page's script drives in it. */
async function driveInOwnScene(): Promise<void> {
  await page.locator("#live-scene").selectOption("visit-two");
  await page.getByText("No policy for visit-two was found").waitFor();
  await page.waitForFunction("globalThis.viewer.pane.value.sketch.value?.name === 'visit-two'");
  const before = await drawnPositions(page);
  // the robot and two boxes
  expect(before).toHaveLength(3);
  expect(await page.locator("#driver").inputValue()).toBe("demo");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect.poll(() => drawnPositions(page), { timeout: 15_000 }).not.toEqual(before);
  expect(await alert().isVisible()).toBe(false);
}

describe.skipIf(!hasChromium)("a scene of one's own", () => {
  it("is in the page's list, and is driven", async () => {
    await open(`${url}?paused`);
    await drawnPositions(page);
    await driveInOwnScene();
    await expect
      .poll(() => coloursOf(page.getByLabel(/^Scene 1 in three/)), { timeout: 15_000 })
      .toBeGreaterThan(50);
  });

  it("is opened by the page's address, as it was set", async () => {
    await open(`${url}?scene=visit-two&set=apart_m=0.5&driver=keyboard&paused`);
    const [, [x, y]] = await drawnPositions(page);
    expect(Math.hypot(x, y)).toBeCloseTo(0.5, 3);
    await page.locator("#step").click();
    await page.getByText(/^1 of \d+$/).waitFor();
    expect(await alert().isVisible()).toBe(false);
  });

  it("is served with what it imports, and with nothing else of its project", async () => {
    await open(`${url}?paused`);
    await drawnPositions(page);
    const ask = async (file: string) =>
      (await fetch(`${url}@fs${path.join(project, file)}`)).status;
    expect(await ask("scenes/visit-two.ts")).toBe(200);
    expect(await ask("boxes.ts")).toBe(200);
    expect(await ask("scenes/notes.ts")).toBe(403);
  });

  it("is named, with the reason, where a browser cannot run it", async () => {
    const broken = path.join(project, "broken.ts");
    writeFileSync(broken, 'import { cpus } from "node:os";\nexport const cores = cpus().length;\n');
    const server = await serveViewer({ port: 0, working: project, modules: [broken] });
    try {
      await open(server.url);
      await expect
        .poll(() => alert().textContent(), { timeout: 15_000 })
        .toMatch(/^The simulation did not load: Cannot import the scenes of "broken.ts": .*os.*\./);
    } finally {
      await server.close();
    }
  });

  it("is in the page that is built with it", async () => {
    const site = path.join(project, "site");
    await buildViewer(site, [module]);
    const server = await serveFiles(site);
    try {
      await open(`${server.url}?paused`);
      await drawnPositions(page);
      await driveInOwnScene();
    } finally {
      server.close();
    }
  });
});
