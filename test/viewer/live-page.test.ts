/** What a running `understudy view` adds to the page, in a browser. */

import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LiveSocket } from "../../cli/live.ts";
import { openDesk } from "../../cli/live-corrections.ts";
import { WireError } from "../../core/errors.ts";
import { EmbeddedPlanner } from "../../llm-planner/embedded/planner.ts";
import { readCorrections } from "../../llm-planner/execution/corrections.ts";
import type { RobotState, RunState } from "../../viewer/live-messages.ts";
import { serveViewer, type ViewerServer } from "../../viewer/server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { drawnPositions, hasChromium, openBrowser } from "./browser.ts";
import { saveStudent } from "./recordings.ts";

const folder = temporaryFolder();
const bundle = path.join(folder, "bundle");
const corrections = path.join(folder, "corrections.jsonl");
/** What the page asked the server to do to the robots. */
const stops: boolean[] = [];
/** Why the robots cannot be stopped; undefined where they can. */
let unstoppable: string | undefined;
/** Policies that were sent to the page. */
let policies = 0;
let server: ViewerServer;
let browser: Browser;
let live: LiveSocket;
let page: Page;

beforeAll(async () => {
  if (!hasChromium) return;
  await saveStudent(bundle);
  [server, browser] = await Promise.all([
    serveViewer({ port: 0, working: folder, live: true }),
    openBrowser(),
  ]);
});

beforeEach(() => {
  if (!hasChromium) return;
  stops.length = 0;
  unstoppable = undefined;
  policies = 0;
  live = new LiveSocket(server.http, {
    corrections: openDesk({
      file: corrections,
      openPlanner: () => EmbeddedPlanner.load(),
      now: () => "2026-01-02T03:04:05.000Z",
    }),
    policyOf: async () => {
      policies++;
      return {
        manifest: readFileSync(path.join(bundle, "policy.json"), "utf8"),
        onnx: readFileSync(path.join(bundle, "policy.onnx")),
      };
    },
    stop: (engaged) => {
      stops.push(engaged);
      if (unstoppable !== undefined) throw new WireError(unstoppable);
    },
  });
});

afterEach(async () => {
  live?.close();
  await page?.close();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function open(query: string): Promise<void> {
  page = await browser.newPage({ viewport: { width: 900, height: 640 } });
  page.setDefaultTimeout(15_000);
  await page.goto(server.url + query);
  await drawnPositions(page);
}

/** What the page shows, once it does: other work may keep this machine busy. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 });

const button = (name: string) => page.getByRole("button", { name, exact: true });

const robot: RobotState = {
  policy: "servo",
  endpoint: "tcp://here",
  robots: 1,
  observations: 7,
  image: { shape: [1, 2, 2], layers: ["active"], bytes: "AAD/gA==" },
  action: { "forward, m/s": 0.25 },
  latencyP50_ms: 1.5,
  latencyP99_ms: 2.5,
  silent_s: 0.1,
  stopped: false,
};

const training: RunState = {
  name: "mine/student.ckpt",
  phase: "student",
  scene: "reach-box",
  environmentSteps: 1000,
  totalSteps: 5000,
  stepsPerSecond: 100,
  left_s: 40,
  points: [
    { environmentSteps: 500, success: 0.25, return: 1 },
    { environmentSteps: 1000, success: 0.5, return: 2 },
  ],
};

describe.skipIf(!hasChromium)("what understudy view adds", () => {
  it("a correction is stored, with what the planner makes of it", async () => {
    await open("?scene=push-pair&driver=demo&paused");
    await page.getByText("Corrections").click();
    const words = "put the object behind the anchor";
    await page.getByLabel("Correction", { exact: true }).fill(words);
    await button("Send").click();
    await page.getByText("Stored as label 1").waitFor();
    await page.getByText(/^push object to .* m behind anchor/).waitFor();
    expect(readCorrections(corrections)).toMatchObject([{ words, scene: "push-pair" }]);
  });

  it("a run's newest policy drives, until something else is chosen", async () => {
    await open("?scene=push-pair&driver=demo&paused");
    live.publishRun(training);
    await page.getByText("Training runs").click();
    await page.getByText("student of reach-box").waitFor();
    await page.getByText("40 s", { exact: true }).waitFor();
    const driver = page.locator("#driver");
    const newest = "dropped newest of mine/student.ckpt";
    const followed = page.getByText(/^The newest policy of mine\/student\.ckpt drives/);
    /** How many policies there were once the page has had time to run them. */
    const publish = async () => {
      live.publishRun(training);
      await page.waitForTimeout(500);
      return policies;
    };
    await button("Run its newest policy here").click();
    await eventually(() => driver.inputValue()).toBe(newest);
    expect(await publish()).toBe(2);
    await followed.waitFor();

    await driver.selectOption("demo");
    await followed.waitFor({ state: "detached" });
    expect(await publish()).toBe(2);
    expect(await driver.inputValue()).toBe("demo");

    await button("Run its newest policy here").click();
    await eventually(() => driver.inputValue()).toBe(newest);
    await page.getByRole("radio", { name: "Replay" }).check();
    await followed.waitFor({ state: "detached" });
    expect(await publish()).toBe(3);
    const replay = page.getByRole("radio", { name: "Replay" });
    expect(await replay.isChecked()).toBe(true);
    expect(await page.locator("#alert").isVisible()).toBe(false);

    await button("Run its newest policy here").click();
    await eventually(() => replay.isChecked()).toBe(false);
    expect(await driver.inputValue()).toBe(newest);
  });

  it("a run is followed in the scene where it was asked for, whichever is chosen then", async () => {
    await open("?scene=reach-box&driver=demo&paused&panes=2");
    live.publishRun(training);
    await page.getByText("Training runs").click();
    await button("Run its newest policy here").click();
    const newest = "dropped newest of mine/student.ckpt";
    await eventually(() => page.locator("#driver").inputValue()).toBe(newest);
    await page.getByLabel(/^2: reach-box/).check();
    live.publishRun(training);
    await eventually(() => policies).toBe(2);
    await page.waitForTimeout(500);
    const drivers = "globalThis.viewer.panes.value.map((pane) => pane.setup.value.driver)";
    expect(await page.evaluate(drivers)).toEqual([newest, "demo"]);
  });

  it("robots are stopped by one button, however often it is pressed, and released by another", async () => {
    await open("?scene=reach-box&driver=demo&paused");
    live.publishRobot(robot);
    await page.getByText("1.5 ms, 2.5 ms").waitFor();
    const [stop, release] = [button("STOP all robots"), button("Let them move again")];
    expect(await release.isDisabled()).toBe(true);
    await stop.dblclick();
    await eventually(() => stops).toEqual([true, true]);
    live.publishRobot({ ...robot, stopped: true });
    await page.getByText("stopped", { exact: true }).waitFor();
    await eventually(() => release.isEnabled()).toBe(true);
    // the hand is back at the stop, and what it does next is no release
    await stop.click();
    expect(await release.isDisabled()).toBe(true);
    await eventually(() => stops).toEqual([true, true, true]);
    await release.click();
    await eventually(() => stops).toEqual([true, true, true, false]);
    live.publishRobot(robot);
    await eventually(() => release.isDisabled()).toBe(true);
  });

  it("a stop that fails is told each time, also in the words that were told before", async () => {
    await open("?scene=reach-box&driver=demo&paused");
    live.publishSupervisor({ endpoint: "tcp://there", heard: undefined });
    unstoppable = "No supervisor answered. If the robot moves, cut its power.";
    const alert = page.getByRole("alert").getByText(unstoppable);
    await button("EMERGENCY STOP").click();
    await alert.waitFor();
    await button("Reset").click();
    await alert.waitFor({ state: "hidden" });
    await button("EMERGENCY STOP").click();
    await alert.waitFor();
    // screen readers say what is put into an alert, not what stays in it
    const before = await page.evaluateHandle<{ readonly isConnected: boolean }>(
      "document.querySelector('#alert').firstChild",
    );
    await button("EMERGENCY STOP").click();
    await eventually(() => before.evaluate((node) => node.isConnected)).toBe(false);
    expect(await alert.isVisible()).toBe(true);
  });

  it("a supervisor is shown and stopped by its latch; a lost connection is told", async () => {
    await open("?scene=reach-box&driver=demo&paused");
    const endpoint = "tcp://there";
    const heard = { mode: "armed", driver: "policy", command: { forward: 0.2 } } as const;
    const counts = { zones: ["fence"], holds: 3, stops: 0 };
    live.publishSupervisor({ endpoint, heard: { ...heard, ...counts } });
    for (const text of ["armed, driving", "fence", "0.20"]) {
      await page.locator("#supervisor").getByText(text, { exact: true }).waitFor();
    }
    await button("EMERGENCY STOP").dblclick();
    await eventually(() => stops).toEqual([true, true]);
    live.publishSupervisor({ endpoint, heard: { ...heard, ...counts, mode: "estop" } });
    await button("Let them move again").click();
    await eventually(() => stops).toEqual([true, true, false]);

    live.close();
    await page.getByText("The connection to understudy view is lost").waitFor();
    for (const name of ["EMERGENCY STOP", "Let them move again"]) {
      expect(await button(name).isDisabled(), name).toBe(true);
    }
  });
});
