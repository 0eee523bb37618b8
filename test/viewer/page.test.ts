import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadPolicy } from "../../policies/runtime/node.ts";
import type { Replay } from "../../sim/replay.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { serveViewer, type ViewerServer } from "../../viewer/server.ts";
import { coloursOf, drawnPositions, hasChromium, openBrowser } from "./browser.ts";
import { recordCurve, saveReplay, saveStudent } from "./recordings.ts";

const folder = mkdtempSync(path.join(tmpdir(), "understudy-viewer-"));
const run = path.join(folder, "runs", "first");
let server: ViewerServer;
let browser: Browser;
/** Shared by all pages, so that scripts are fetched once. */
let context: BrowserContext;
let page: Page;
let replay: Replay;

beforeAll(async () => {
  if (!hasChromium) return;
  replay = await recordCurve();
  saveReplay(path.join(run, "replays"), "curve", replay);
  await saveStudent(path.join(run, "bundle"));
  [server, browser] = await Promise.all([serveViewer({ port: 0, working: folder }), openBrowser()]);
  context = await browser.newContext({ viewport: { width: 900, height: 640 } });
});

afterEach(() => page?.close());

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true });
});

/** Opens the page; `before` runs first. */
async function open(query: string, before?: (page: Page) => Promise<unknown>): Promise<void> {
  page = await context.newPage();
  page.setDefaultTimeout(8000);
  await before?.(page);
  await page.goto(server.url + query);
}

const alert = () => page.locator("#alert");
const cameraPicture = (name: string) => page.getByLabel(`The robot's camera, ${name}`);

/** Presses Step until so many steps are shown as done. */
async function step(steps: number): Promise<void> {
  for (let i = 1; i <= steps; i++) {
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await page.getByText(new RegExp(`^${i} of \\d+$`)).waitFor();
  }
}

describe.skipIf(!hasChromium)("the live page", () => {
  it("shows a moving scene and what the robot sees, without being asked", async () => {
    await open("?driver=demo");
    const before = await drawnPositions(page);
    const scene = page.getByLabel(/^Scene 1 in three/);
    expect(await coloursOf(scene)).toBeGreaterThan(50);
    await expect.poll(() => coloursOf(cameraPicture("colour"))).toBeGreaterThan(3);
    await expect.poll(() => coloursOf(cameraPicture("depth"))).toBeGreaterThan(20);
    const picture = await scene.screenshot();
    await expect.poll(() => drawnPositions(page)).not.toEqual(before);
    expect((await scene.screenshot()).equals(picture)).toBe(false);
    expect(await alert().isVisible()).toBe(false);
  });

  it("runs a student's bundle as Node does", async () => {
    await open("?scene=reach-box&seed=3&start=2&paused&driver=library/policies/runs/first");
    await drawnPositions(page);
    await step(8);
    const batch = await SceneBatch.create({
      scene: findScene("reach-box"),
      envs: 1,
      firstEnv: 2,
      seed: 3,
      purpose: "evaluation",
      groups: ["layers", "proprioception"],
    });
    const policy = await loadPolicy(path.join(run, "bundle"));
    batch.reset();
    for (let t = 0; t < 8; t++) batch.step(await policy.act({ ...batch.groups }));
    await policy.close();
    const [[x, y]] = await drawnPositions(page);
    // the two runtimes add up in different orders
    expect(x).toBeCloseTo(batch.world.states[0], 5);
    expect(y).toBeCloseTo(batch.world.states[1], 5);
    expect(Math.hypot(x, y)).toBeGreaterThan(0.05);
    batch.free();
  });

  it("is driven by the arrow keys, which take over, and names every control", async () => {
    await open("?scene=reach-box&driver=demo&paused");
    const [[x, y]] = await drawnPositions(page);
    expect(await page.evaluate(unnamedControls)).toEqual([]);
    await page.keyboard.down("ArrowDown");
    await expect.poll(() => page.locator("#driver").inputValue()).toBe("keyboard");
    await page.locator("#step").click();
    await page.getByText("-1.00, 0.00").waitFor();
    await page.keyboard.up("ArrowDown");
    await expect.poll(() => drawnPositions(page)).not.toEqual([[x, y]]);
    await page.keyboard.press("Space");
    await expect.poll(() => page.locator("#play").textContent()).toBe("Play");
  });
});

/** Controls without a name that a screen reader could say. */
const unnamedControls = `
  [...document.querySelectorAll("button, input, select")]
    .filter((e) => !e.labels?.[0]?.textContent.trim() && !e.textContent.trim() && !e.ariaLabel)
    .map((e) => e.outerHTML)`;

describe.skipIf(!hasChromium)("a replay", () => {
  it("is scrubbed to the recorded poses and played; a broken one is refused in a sentence", async () => {
    await open("?paused&replay=library/replays/runs/first/curve.json");
    await drawnPositions(page);
    for (const t of [17, 30, 0]) {
      await page.getByLabel("Time", { exact: true }).fill(String(t));
      const robot = [...replay.poses.slice(t * 14, t * 14 + 3)];
      await expect.poll(async () => (await drawnPositions(page))[0]).toEqual(robot);
    }
    await expect.poll(() => coloursOf(cameraPicture("colour"))).toBeGreaterThan(3);
    await page.getByText("a curve").waitFor();
    await page.getByLabel("Speed").selectOption("8");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await page.getByText("timed out after 3.0 s").waitFor();

    const file = path.join(folder, "broken.json");
    writeFileSync(file, '{"format": 1, "scene": "reach-box"');
    await page.locator(".files").setInputFiles(file);
    await expect
      .poll(() => alert().textContent())
      .toBe('"broken.json" is not a replay: it is not JSON. Record it again.');
    await page.locator("#episodes").selectOption({ label: "reach-box, start 0 (runs/first)" });
    await expect.poll(() => alert().isVisible()).toBe(false);
  });

  it("that the server does not have is named", async () => {
    await open("?replay=library/replays/runs/first/gone.json");
    await expect.poll(() => alert().textContent()).toContain("There is no replay");
  });
});

describe.skipIf(!hasChromium)("without its means, the page says what is missing", () => {
  it("a policy for the scene", async () => {
    const empty = { contentType: "application/json", body: '{"replays":[],"policies":[]}' };
    await open("?paused", (fresh) =>
      fresh.route("**/library.json", (route) => route.fulfill(empty)),
    );
    await page.locator("#live-scene").selectOption("push-pair");
    await page.getByText("No policy for push-pair was found").waitFor();
  });

  it("WebGL: the robot's camera is still shown", async () => {
    await open("?paused", (fresh) =>
      fresh.addInitScript(`{
        const { getContext } = HTMLCanvasElement.prototype;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...rest);
        };
      }`),
    );
    await page.getByText("This browser shows no WebGL").waitFor();
    await expect.poll(() => coloursOf(cameraPicture("colour"))).toBeGreaterThan(3);
  });

  it("the simulation", async () => {
    await open("?paused", (fresh) => fresh.route("**/sim/rapier.ts*", (route) => route.abort()));
    await expect.poll(() => alert().textContent()).toContain("The simulation did not load");
  });
});
