/**
 * Writes the pictures of docs/viewer.md, from the page itself in this machine's Chromium:
 * `npx tsx viewer/screenshots.ts`. The scene is pushed about by the scripted demo.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { roleNames } from "../sim/observations.ts";
import { encodeReplay } from "../sim/replay.ts";
import { serveViewer } from "./server.ts";
import { demonstrate } from "./worker/drivers.ts";
import { LiveEpisode } from "./worker/live-episode.ts";

const SCENE = "push-pair";
const images = path.resolve(import.meta.dirname, "..", "docs", "images");
const working = mkdtempSync(path.join(tmpdir(), "understudy-screenshots-"));

/** The first start that the demo brings to its end, or start 0. */
async function recordDemo(): Promise<LiveEpisode> {
  for (let start = 0; start < 30; start++) {
    const episode = await LiveEpisode.open({ scene: SCENE, seed: 0, start });
    while (!episode.end) await episode.step({ groups: [], act: demonstrate, close() {} });
    if (episode.end.outcome === "success") return episode;
    episode.free();
  }
  throw new Error(`The demo solves none of the first 30 starts of "${SCENE}".`);
}

function saveReplay({ tape, scene, end }: LiveEpisode): void {
  if (!end) throw new Error("internal: the episode has not ended");
  const bodies = ["robot", ...scene.cast.bodies.map(({ name }) => name)];
  const replay = encodeReplay({
    scene: SCENE,
    config: {},
    policy: "scripted demo",
    seed: 0,
    start: end.env,
    outcome: end.outcome,
    controlStep_s: tape.controlStep_s,
    bodies,
    steps: tape.frames.length - 1,
    return: end.return,
    poses: Float32Array.from(tape.frames.flatMap(({ poses }) => [...poses])),
    actions: Float32Array.from(tape.frames.flatMap(({ action }) => action ?? [])),
  });
  const folder = path.join(working, "runs", "demo", "replays");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "demo.json"), replay);
}

/** The frame whose emptiest role picture is the fullest. */
function bestFrame(episode: LiveEpisode): number {
  const roles = roleNames(episode.scene).length;
  const least = episode.tape.frames.map((_, frame) => {
    const image = episode.imageOf(frame) ?? new Float32Array(roles);
    const pixels = image.length / roles;
    const seen = Array.from(
      { length: roles },
      (_, role) => image.subarray(role * pixels, (role + 1) * pixels).filter((w) => w > 0).length,
    );
    return Math.min(...seen);
  });
  return least.indexOf(Math.max(...least));
}

async function takePicture(
  browser: Browser,
  url: string,
  name: string,
  options: BrowserContextOptions,
  arrange: (page: Page) => Promise<unknown>,
): Promise<void> {
  const page = await browser.newPage(options);
  await page.goto(url);
  await page.waitForFunction("globalThis.viewer?.drawnPositions?.length > 0");
  await arrange(page);
  // the robot's camera answers a frame later
  await page.waitForTimeout(500);
  await page.screenshot({ path: path.join(images, `${name}.png`) });
  await page.close();
}

const seekTo = (frame: number) => async (page: Page) => {
  const scrubber = page.locator("#scrubber");
  await scrubber.fill(String(frame));
  await scrubber.blur();
};

const episode = await recordDemo();
saveReplay(episode);
const best = bestFrame(episode);
mkdirSync(images, { recursive: true });
const server = await serveViewer({ port: 0, working });
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
  ],
});
const replay = `${server.url}?paused&replay=library/replays/runs/demo/demo.json`;
await takePicture(
  browser,
  `${server.url}?scene=${SCENE}&driver=demo&start=${episode.end?.env}`,
  "viewer-live",
  { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  async (page) => {
    const shown = 'document.querySelector("#scrubber").valueAsNumber';
    await page.waitForFunction(`${shown} > ${best}`);
    await page.getByRole("button", { name: "Pause" }).click();
    await seekTo(best)(page);
  },
);
await takePicture(
  browser,
  replay,
  "viewer-replay",
  { viewport: { width: 1024, height: 700 }, colorScheme: "dark" },
  async (page) => {
    await page.locator("#viewpoint").selectOption("chase");
    await page.getByLabel("Sensor noise").uncheck();
    await seekTo(best)(page);
  },
);
await takePicture(
  browser,
  replay,
  "viewer-phone",
  { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, colorScheme: "light" },
  seekTo(best),
);
await browser.close();
await server.close();
episode.free();
rmSync(working, { recursive: true });
