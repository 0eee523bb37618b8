import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../policies/bundle.ts";
import { loadWebPolicy } from "../../policies/runtime/web.ts";
import type { Replay } from "../../sim/replay.ts";
import { surveyOvers, undisturbed } from "../../viewer/messages.ts";
import { serveViewer, type ViewerServer } from "../../viewer/server.ts";
import { policyDriver } from "../../viewer/worker/drivers.ts";
import { laterBy, surveyStart } from "../../viewer/worker/survey.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf } from "../support/tiny-runs.ts";
import { coloursOf, drawnPositions, hasChromium, openBrowser } from "./browser.ts";
import { recordCurve, saveReplay, saveStudent } from "./recordings.ts";

const folder = temporaryFolder();
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
  const third = { ...replay, policy: "a third curve", outcome: "out of the arena" };
  saveReplay(path.join(run, "replays"), "third", { ...third, start: 1 });
  const good = { ...replay, policy: "a good curve", outcome: "success" };
  saveReplay(path.join(run, "replays"), "good", { ...good, start: 2 });
  saveReplay(path.join(folder, "runs", "second", "replays"), "curve", {
    ...replay,
    policy: "another curve",
    outcome: "out of the arena",
  });
  await saveStudent(path.join(run, "bundle"));
  const second = path.join(folder, "runs", "second", "bundle");
  await saveFreshStudent(second, simulationOf("push-cross"), { lastSeen: true });
  [server, browser] = await Promise.all([
    serveViewer({ port: 0, working: folder, live: true }),
    openBrowser(),
  ]);
  context = await browser.newContext({ viewport: { width: 900, height: 640 } });
});

afterEach(() => page?.close());

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens the page; `before` runs first. */
async function open(
  query: string,
  before?: (page: Page) => Promise<unknown>,
  where = context,
): Promise<void> {
  page = await where.newPage();
  page.setDefaultTimeout(15_000);
  await before?.(page);
  await page.goto(server.url + query);
}

/** What the page shows, once it does: other work may keep this machine busy. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 });

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
  it("shows the scene and what the robot sees, and moves when it is played", async () => {
    await open("?driver=demo&paused");
    const before = await drawnPositions(page);
    const scene = page.getByLabel(/^Scene 1 in three/);
    expect(await coloursOf(scene)).toBeGreaterThan(50);
    await eventually(() => coloursOf(cameraPicture("colour"))).toBeGreaterThan(3);
    await eventually(() => coloursOf(cameraPicture("depth"))).toBeGreaterThan(20);
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await eventually(() => drawnPositions(page)).not.toEqual(before);
    expect(await alert().isVisible()).toBe(false);
  });

  it.each(surveyOvers)("runs a student's bundle over %s as Node does, bit by bit", async (over) => {
    await open("?scene=reach-box&seed=3&start=2&paused&driver=library/policies/runs/first");
    await drawnPositions(page);
    await page.getByText("Many episodes").click();
    await page.getByLabel("Episodes", { exact: true }).fill("2");
    await page.getByLabel("What the episodes run over").selectOption(over);
    await page.getByRole("button", { name: "Run them" }).click();
    await page.getByText(/^\d of 2 succeed: .*%\. reach-box by policy runs\/first, /).waitFor();
    const inPage = await page.evaluate("globalThis.viewer.survey.results.value");
    const policy = await loadWebPolicy(readBundle(path.join(run, "bundle")));
    const driver = policyDriver(policy, "servo", "reach-box");
    const opening = {
      ...{ scene: "reach-box", settings: [], disturbance: undisturbed },
      ...{ seed: 3, start: 2 },
    };
    const inNode = [];
    for (const i of [0, 1]) inNode.push(await surveyStart(laterBy(opening, over, i), driver));
    driver.close();
    expect(inPage).toEqual(inNode);
    expect(inNode[0].hash).not.toBe(inNode[1].hash);
  });

  it("runs a student with a goal and a memory, and draws what it believes", async () => {
    await open("?scene=push-cross&paused&driver=library/policies/runs/second");
    await drawnPositions(page);
    await page.getByLabel("Beliefs", { exact: true }).check();
    await step(2);
    await page.locator("#beliefs").getByText("pose head").first().waitFor();
    await page.locator("#beliefs").getByText("memory").first().waitFor();
    await page.locator(".ghost:visible").first().waitFor();
    await page.getByText("What the student believes").waitFor();
    expect(await alert().isVisible()).toBe(false);
  });

  it("is driven by the arrow keys, which take over, and names every control", async () => {
    await open("?scene=reach-box&driver=demo&paused");
    const [[x, y]] = await drawnPositions(page);
    expect(await page.evaluate(unnamedControls)).toEqual([]);
    await page.keyboard.down("ArrowDown");
    await eventually(() => page.locator("#driver").inputValue()).toBe("keyboard");
    await page.locator("#step").click();
    await page.getByText("-1.00, 0.00").waitFor();
    await page.keyboard.up("ArrowDown");
    await eventually(() => drawnPositions(page)).not.toEqual([[x, y]]);
    await page.keyboard.press("Space");
    await eventually(() => page.locator("#play").textContent()).toBe("Play");
  });
});

describe.skipIf(!hasChromium)("side by side", () => {
  /** Waits for a frame in which both outcomes stand, does something in it, and says which starts are there. */
  const atBothEnds = async (act: string) => {
    await page.waitForFunction(`(() => {
      const { viewer } = globalThis;
      const over = viewer.panes.value.every((pane) => pane.outcome.value !== undefined);
      if (over) ${act};
      return over;
    })()`);
    return starts();
  };
  const starts = () =>
    page.evaluate("globalThis.viewer.panes.value.map((pane) => pane.setup.value.start)");
  /** Longer than an outcome stands. */
  const LATER_ms = 2500;

  it("no next start is opened once the page is paused or reset", async () => {
    await open("?scene=reach-box&driver=demo&seed=1&start=8&panes=2");
    await drawnPositions(page);
    await page.getByLabel("Speed").selectOption("8");
    const paused = await atBothEnds("viewer.setPlaying(false)");
    await page.waitForTimeout(LATER_ms);
    expect(await starts()).toEqual(paused);

    await page.getByRole("button", { name: "Play", exact: true }).click();
    await eventually(starts).not.toEqual(paused);
    await eventually(() => page.locator(".outcome:not(:empty)").count()).toBe(0);
    const reset = await atBothEnds("viewer.setSpeed(0.25), viewer.reset()");
    await page.waitForTimeout(LATER_ms);
    expect(await starts()).toEqual(reset);
  });
});

describe.skipIf(!hasChromium)("by keyboard", () => {
  it("every control is reached, in both themes all that is written can be read, and the view is turned", async () => {
    await open("?scene=push-pair&driver=keyboard&paused");
    await drawnPositions(page);
    for (const heading of await page.locator("summary").all()) {
      if (await heading.isVisible()) await heading.click();
    }
    for (const overlay of ["Keypoints", "Beliefs"]) {
      await page.getByLabel(overlay, { exact: true }).check();
    }
    await page.locator("#beliefs").waitFor();
    expect(await page.evaluate(unnamedControls)).toEqual([]);
    for (const theme of ["light", "dark"]) {
      await page.getByLabel("Theme").selectOption(theme);
      await eventually(() => page.evaluate(faintTexts)).toEqual([]);
    }
    const controls = await page.evaluate<number>(markControls);
    await page.evaluate("document.activeElement.blur()");
    for (let i = 0; i < controls + 4; i++) {
      await page.keyboard.press("Tab");
      await page.evaluate("globalThis.reached.add(document.activeElement)");
    }
    const missed = `globalThis.controls
      .filter((e) => !globalThis.reached.has(e)).map((e) => e.outerHTML)`;
    expect(await page.evaluate(missed)).toEqual([]);

    const scene = page.getByLabel(/^Scene 1 in three/);
    await scene.focus();
    for (const key of ["Shift+ArrowLeft", "Shift+ArrowUp", "+"]) {
      const before = await scene.screenshot();
      await page.keyboard.press(key);
      await eventually(async () => (await scene.screenshot()).equals(before)).toBe(false);
    }
  });
});

describe.skipIf(!hasChromium)("keys", () => {
  const driver = () => page.evaluate("globalThis.viewer.pane.value.setup.value.driver");
  const frames = () => page.evaluate("globalThis.viewer.pane.value.frames.value");
  const onlyScene = async () => {
    await page.getByText("Keys", { exact: true }).click();
    return page.getByLabel("Only while a scene has the focus");
  };
  const scene = () => page.getByLabel(/^Scene 1 in three/);
  /** Presses keys with nothing focused. */
  const pressLoose = async (...keys: string[]) => {
    await page.evaluate("document.activeElement.blur()");
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForTimeout(300);
  };

  it("are left to the scene where that is chosen, now and the next time", async () => {
    const own = await browser.newContext({ viewport: { width: 900, height: 640 } });
    const query = "?scene=reach-box&driver=demo&paused";
    await open(query, undefined, own);
    await drawnPositions(page);
    await pressLoose(".");
    await eventually(frames).toBe(2);
    await (await onlyScene()).check();
    await page.getByText("Keys work while a scene has the focus").waitFor();
    await pressLoose(".", "r", "w", "ArrowDown");
    expect([await frames(), await driver()]).toEqual([2, "demo"]);
    await scene().click({ position: { x: 20, y: 300 } });
    await page.keyboard.press(".");
    await eventually(frames).toBe(3);
    await page.keyboard.press("w");
    await eventually(driver).toBe("keyboard");
    await page.keyboard.press("r");
    await eventually(frames).toBe(1);

    await page.close();
    await open(query, undefined, own);
    await drawnPositions(page);
    const before = await onlyScene();
    expect(await before.isChecked()).toBe(true);
    await before.uncheck();
    await pressLoose("w");
    await eventually(driver).toBe("keyboard");
    await own.close();
  });

  it("work beside sliders and boxes, which keep those that are theirs", async () => {
    await open("?scene=reach-box&driver=demo&paused");
    await drawnPositions(page);
    await page.getByLabel("Time", { exact: true }).focus();
    await page.keyboard.press(".");
    await eventually(frames).toBe(2);
    await page.keyboard.press("Shift+R");
    await eventually(frames).toBe(1);
    const box = page.getByRole("checkbox").first();
    const was = await box.isChecked();
    await box.focus();
    await page.keyboard.press("Space");
    expect(await box.isChecked()).toBe(!was);
    expect(await page.evaluate("globalThis.viewer.playing.value")).toBe(false);
    await page.keyboard.press("w");
    await eventually(driver).toBe("keyboard");
  });

  it("are left to the scene as long as the page stays, where the browser stores nothing", async () => {
    await open("?scene=reach-box&driver=demo&paused", (fresh) =>
      fresh.addInitScript(`Object.defineProperty(globalThis, "localStorage", {
        get() { throw new DOMException("Access is denied.", "SecurityError"); },
      })`),
    );
    await drawnPositions(page);
    await (await onlyScene()).check();
    await pressLoose("w");
    expect(await driver()).toBe("demo");
    await scene().focus();
    await page.keyboard.press("w");
    await eventually(driver).toBe("keyboard");
  });
});

describe.skipIf(!hasChromium)("a live episode that is poked", () => {
  it("is of the scene as it was set, and says which setting is wrong", async () => {
    await open("?scene=push-pair&driver=demo&paused&set=shape=cylinder");
    await drawnPositions(page);
    const kindOf = () =>
      page.evaluate("globalThis.viewer.pane.value.sketch.value.bodies[1].shape.kind");
    expect(await kindOf()).toBe("cylinder");
    await page.getByText("Scene settings (1 changed)").click();
    await page.getByLabel("shape", { exact: false }).selectOption("prism");
    await eventually(kindOf).toBe("prism");
    await page.getByLabel(/^arenaSide_m/).fill("1");
    await page.keyboard.press("Tab");
    await eventually(() => alert().textContent()).toContain("in the scene's settings");
    await page.getByRole("button", { name: "As the scene has them" }).click();
    await eventually(kindOf).toBe("box");
    expect(await alert().isVisible()).toBe(false);
  });

  it("is of the world that its policy was trained in, and of the next one's once that drives", async () => {
    await open("?scene=push-cross&paused&driver=library/policies/zoo/push-cross-cylinders");
    await drawnPositions(page);
    const kindOf = () =>
      page.evaluate("globalThis.viewer.pane.value.sketch.value.bodies[1].shape.kind");
    const driver = page.locator("#driver");
    expect(await kindOf()).toBe("cylinder");
    await page.getByText("Scene settings (1 changed)").click();
    await page.getByLabel(/^arenaSide_m/).fill("2.9");
    await page.keyboard.press("Tab");
    await driver.selectOption("policy zoo/push-cross-prisms");
    await eventually(kindOf).toBe("prism");
    // hands take any world as it is
    await driver.selectOption("keyboard or joystick");
    expect(await kindOf()).toBe("prism");
    await driver.selectOption("policy zoo/push-cross");
    await eventually(kindOf).toBe("box");
    expect(await page.getByLabel(/^arenaSide_m/).inputValue()).toBe("2.9");
    expect(await alert().isVisible()).toBe(false);
  });

  it("says so where its policy was made for another robot", async () => {
    await open("?scene=push-pair&paused&driver=library/policies/zoo/push-pair");
    await drawnPositions(page);
    const told = page.locator("#misfit");
    expect(await told.textContent()).toBe("");
    await page.getByText(/^Scene settings/).click();
    await page.locator("#settings").getByText("Robot", { exact: true }).click();
    await page.getByLabel("camera.pitch_deg").fill("25");
    await page.keyboard.press("Tab");
    await eventually(() => told.textContent()).toContain(
      "made for another robot: its camera's pitch, yaw and roll on the base in degrees should be [25, 0, 0], found [11.5, 0, 0]",
    );
    // hands drive any robot
    await page.locator("#driver").selectOption("keyboard or joystick");
    await eventually(() => told.textContent()).toBe("");
    await page.locator("#driver").selectOption("policy zoo/push-pair");
    await eventually(() => told.textContent()).toContain("made for another robot");
    await page.getByRole("button", { name: "As the scene has them" }).click();
    await eventually(() => told.textContent()).toBe("");
    expect(await alert().isVisible()).toBe(false);
  });

  it("has bodies moved by buttons and by the pointer, an obstacle added, and its physics changed", async () => {
    await open("?scene=reach-box&driver=demo&seed=3&paused");
    const box = async () => (await drawnPositions(page))[1];
    const [x, y] = await box();
    await page.getByText("Disturb").click();
    await page.getByLabel("Body to move", { exact: true }).selectOption("box");
    await page.getByRole("button", { name: "box back" }).click();
    await eventually(box).toEqual([expect.closeTo(x - 0.05, 4), y, expect.anything()]);

    await page.getByRole("button", { name: "Add an obstacle" }).click();
    await page.getByRole("rowheader", { name: "extra 1" }).waitFor();
    await eventually(async () => (await drawnPositions(page)).length).toBe(3);

    const canvas = await page.getByLabel(/^Scene 1 in three/).boundingBox();
    const spot = await page.evaluate<{ x: number; y: number }>(
      "globalThis.viewer.pane.value.view.spotOf(1)",
    );
    const at = { x: (canvas?.x ?? 0) + spot.x, y: (canvas?.y ?? 0) + spot.y };
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    await page.mouse.move(at.x + 20, at.y, { steps: 4 });
    await page.mouse.move(at.x + 40, at.y, { steps: 4 });
    await page.mouse.up();
    // to the right in the picture is to the right of the arena
    await eventually(async () => (await box())[1]).toBeLessThan(y - 0.05);
    // handles stand still once the picture has caught up with the worker
    let last = "";
    await eventually(async () => {
      const before = last;
      last = JSON.stringify(await box());
      await page.waitForTimeout(300);
      return last === before;
    }).toBe(true);

    // it was pressed, so it has handles: the ring about it turns it
    const yaw = () => page.evaluate<number>("globalThis.viewer.pane.value.poseOf(1).yaw_rad");
    const before_rad = await yaw();
    const middle = await page.evaluate<{ x: number; y: number }>(
      "globalThis.viewer.pane.value.view.spotOf(1)",
    );
    const x0 = (canvas?.x ?? 0) + middle.x;
    const y0 = (canvas?.y ?? 0) + middle.y;
    let found: unknown;
    for (let out = 20; out < 120 && found !== "Z"; out += 3) {
      await page.mouse.move(x0 - out, y0 + out / 3);
      found = await page.evaluate("globalThis.viewer.pane.value.view.handle");
    }
    expect(found).toBe("Z");
    await page.mouse.down();
    await page.mouse.move(x0 - 20, y0 + 60, { steps: 5 });
    await page.mouse.up();
    await eventually(async () => Math.abs((await yaw()) - before_rad)).toBeGreaterThan(0.1);
    await page.mouse.click((canvas?.x ?? 0) + 30, (canvas?.y ?? 0) + (canvas?.height ?? 0) - 30);
    await eventually(() => page.evaluate("globalThis.viewer.pane.value.held.value")).toBe(
      undefined,
    );

    for (const [name, value] of [
      ["Friction", "2"],
      ["Mass", "0.5"],
      ["Camera noise", "4"],
    ]) {
      await page.getByLabel(name, { exact: true }).fill(value);
      await eventually(() =>
        page.getByLabel(name, { exact: true }).getAttribute("aria-valuetext"),
      ).toBe(`${Number(value).toFixed(2)}×`);
    }
    await step(2);
    // only what is now can be moved
    const left = page.getByRole("button", { name: "robot left" });
    expect(await left.isEnabled()).toBe(true);
    await page.getByLabel("Time", { exact: true }).fill("1");
    await eventually(() => left.isEnabled()).toBe(false);
    await page.getByText("Bodies can be moved in the newest moment").waitFor();
    await page.getByLabel("Time", { exact: true }).fill("2");
    await eventually(() => left.isEnabled()).toBe(true);
    await page.getByRole("button", { name: "As it was" }).click();
    await eventually(async () => (await drawnPositions(page)).length).toBe(2);
    expect(await alert().isVisible()).toBe(false);
  });

  it("shows what is known and paid, side by side with other starts, and runs many", async () => {
    await open("?scene=reach-box&driver=demo&seed=1&start=8&paused");
    await drawnPositions(page);
    // each of them is to be seen in the picture
    const scene = page.getByLabel(/^Scene 1 in three/);
    let before = await scene.screenshot();
    for (const name of ["Keypoints", "Beliefs", "Names", "Camera's view"]) {
      await page.getByLabel(name, { exact: true }).click();
      await eventually(async () => (await scene.screenshot()).equals(before)).toBe(false);
      before = await scene.screenshot();
    }
    await eventually(() => page.locator("#keypoints").textContent()).toMatch(
      /visible \d.*occluded 0.*out of view \d/,
    );
    await eventually(() => page.locator("#beliefs").textContent()).toMatch(/active(not|.*m, )/);
    await step(3);
    await page.getByRole("rowheader", { name: "reach/approach" }).waitFor();
    for (const plot of ["return", "reward by term", "distance to target", "actions"]) {
      await page.getByLabel("Plot").selectOption(plot);
    }
    await page
      .getByText("forward 1.00")
      .or(page.getByText(/forward 0/))
      .waitFor();

    await page.getByText("Many episodes").click();
    await page.getByLabel("Episodes", { exact: true }).fill("3");
    await page.getByRole("button", { name: "Run them" }).click();
    await page.getByText(/^3 of 3 succeed: 100 %/).waitFor();
    // whatever is shown by then
    await page.getByLabel("Episodes", { exact: true }).fill("9");
    await page.getByLabel("Start", { exact: true }).fill("5");
    await page.keyboard.press("Tab");
    await page
      .getByText(/^3 of 3 succeed: .* reach-box by scripted demo, seed 1 from start 8 on\.$/)
      .waitFor();
    await page.getByLabel("Start", { exact: true }).fill("8");
    await page.keyboard.press("Tab");

    await page.getByLabel("Side by side").selectOption("2");
    await page.getByLabel("2: reach-box, seed 1, start 9").check();
    expect(await page.getByLabel("Start", { exact: true }).inputValue()).toBe("9");
    await eventually(() => coloursOf(page.getByLabel(/^Scene 2 in three/))).toBeGreaterThan(50);
    expect(await page.evaluate(unnamedControls)).toEqual([]);
  });

  it("stands as its address wants it until it is played, and says what the address cannot have", async () => {
    await open("?scene=push-moon&driver=nobody&seed=-1&start=x&panes=3&paused");
    const playing = () => page.evaluate("globalThis.viewer.playing.value");
    await drawnPositions(page);
    const told = await alert().textContent();
    for (const wrong of ["scene=push-moon", "driver=nobody", "seed=-1", "start=x", "panes=3"]) {
      expect(told).toContain(`The address has ${wrong}: expected `);
    }
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    const choose = async (scene: string) => {
      await page.locator("#live-scene").selectOption(scene);
      await eventually(() => page.evaluate("globalThis.viewer.pane.value.sketch.value.name")).toBe(
        scene,
      );
    };
    const look = (from: string) => page.locator("#viewpoint").selectOption(from);
    const spot = () => page.evaluate("globalThis.viewer.pane.value.view.spotOf(0)");
    await choose("push-pair");
    expect(await playing()).toBe(false);
    // a larger arena is still seen as the menu says
    await look("above");
    await page.evaluate('globalThis.viewer.openLive({ settings: ["arenaSide_m=4"] })');
    await eventually(() =>
      page.evaluate("globalThis.viewer.pane.value.sketch.value.arenaSide_m"),
    ).toBe(4);
    await page.waitForTimeout(200);
    const fromAbove = await spot();
    await look("overview");
    await eventually(spot).not.toEqual(fromAbove);
    await look("above");
    await eventually(spot).toEqual(fromAbove);
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await choose("push-cross");
    await eventually(playing).toBe(true);
    // the next start does not take the place of a number that is being typed
    const start = page.getByLabel("Start", { exact: true });
    await start.focus();
    await page.keyboard.type("7");
    const typed = await start.inputValue();
    await page.evaluate(`(() => {
      const { setup } = globalThis.viewer.pane.value;
      setup.value = { ...setup.value, start: 3 };
    })()`);
    await page.waitForTimeout(200);
    expect(await start.inputValue()).toBe(typed);
    expect(errors).toEqual([]);
  });

  it("takes a policy that is dropped, and says what is wrong with a broken one", async () => {
    await open("?scene=push-pair&driver=demo&paused");
    await drawnPositions(page);
    const manifest = path.join(run, "bundle", "policy.json");
    const onnx = path.join(run, "bundle", "policy.onnx");
    const drop = (...files: string[]) => page.locator(".files").setInputFiles(files);
    await drop(manifest);
    await eventually(() => alert().textContent()).toContain("came without policy.onnx");
    const broken = path.join(folder, "policy.onnx");
    writeFileSync(broken, readFileSync(onnx).fill(7, 100, 4000));
    await drop(manifest, broken);
    await eventually(() => alert().textContent()).toContain("does not load");
    writeFileSync(broken, "short");
    await drop(manifest, broken);
    await eventually(() => alert().textContent()).toContain("has 5 bytes, its manifest says");
    // the same by the pointer
    const transfer = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      for (const name of ["policy.json", "policy.onnx"]) transfer.items.add(new File(["?"], name));
      return transfer;
    })()`);
    await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
    await eventually(() => alert().textContent()).toContain("policy.json is not JSON");
    await drop(manifest, onnx);
    await eventually(() => alert().isVisible()).toBe(false);
    await eventually(() => page.locator("#live-scene").inputValue()).toBe("reach-box");
    await page.getByText("policy servo (dropped)").waitFor({ state: "attached" });
    await step(1);
    // blind, it turns by its bias or by what it sees, at the speed of its bias
    await page.getByText(/^0\.30, /).waitFor();
    const stranger = path.join(folder, "policy.json");
    writeFileSync(stranger, readFileSync(manifest, "utf8").replaceAll("reach-box", "reach-moon"));
    await drop(stranger, onnx);
    await eventually(() => alert().textContent()).toContain(
      'was made for scene "reach-moon", which this page does not have.',
    );
    expect(await page.locator("#live-scene").inputValue()).toBe("reach-box");
    // beside the manifest of the one that drives
    await drop(manifest, broken);
    await eventually(() => alert().textContent()).toContain("has 5 bytes, its manifest says");
  });
});

/** Gives every element that can be reached now a mark of its own, and says how many there are. */
const markControls = `
  globalThis.controls = [...document.querySelectorAll("button, input, select, summary, canvas[tabindex]")]
    .filter((e) => e.checkVisibility() && !e.disabled && !(e.type === "radio" && !e.checked));
  globalThis.reached = new Set();
  globalThis.controls.length`;

/** What is written with too little contrast to its ground, WCAG 2.2 AA: 4.5 to 1, or 3 to 1 where it is large. */
const faintTexts = `(() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = css;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [r, g, b].map((c, i) => a * c + (1 - a) * ground[i]);
  const groundOf = (e) => e
    ? over(rgba(getComputedStyle(e).backgroundColor), groundOf(e.parentElement))
    : [255, 255, 255];
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  for (const e of document.body.querySelectorAll("*")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== "");
    if (!own || !e.checkVisibility() || e.disabled || e.closest("[disabled], .unseen")) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(e);
    const ground = groundOf(e);
    const [low, high] = [luminance(over(rgba(color), ground)), luminance(ground)].sort((a, b) => a - b);
    const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && fontWeight >= 700);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(e.textContent.trim().slice(0, 40) + " " + ratio.toFixed(2));
  }
  return faint;
})()`;

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
      await eventually(async () => (await drawnPositions(page))[0]).toEqual(robot);
    }
    await eventually(() => coloursOf(cameraPicture("colour"))).toBeGreaterThan(3);
    await page.getByText("a curve", { exact: true }).waitFor();
    await page.getByLabel("Speed").selectOption("8");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await page.getByText("timed out after 3.0 s").waitFor();

    const file = path.join(folder, "broken.json");
    writeFileSync(file, '{"format": 1, "scene": "reach-box"');
    await page.locator(".files").setInputFiles(file);
    await eventually(() => alert().textContent()).toBe(
      '"broken.json" is not a replay: it is not JSON. Record it again.',
    );
    // what was open still is, and goes on
    await page.getByText("a curve", { exact: true }).waitFor();
    await page.getByLabel("Speed").selectOption("0.25");
    await page.getByRole("radio", { name: "Live" }).check();
    await page.locator("#live-scene").waitFor();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    await page.locator(".files").setInputFiles(file);
    await eventually(() => alert().isVisible()).toBe(true);
    const live = () => page.evaluate<number>("globalThis.viewer.pane.value.frames.value");
    const before = await live();
    await eventually(live).toBeGreaterThan(before);
    expect(await alert().isVisible()).toBe(true);
    await page.getByRole("radio", { name: "Replay" }).check();
    await page
      .locator("#episodes")
      .selectOption({ label: "reach-box, seed 5, start 0 (runs/first)" });
    await eventually(() => alert().isVisible()).toBe(false);
  });

  it("is compared with another of the same start, and failures are stepped through", async () => {
    await open("?paused&replay=library/replays/runs/first/curve.json");
    await drawnPositions(page);
    await page.getByLabel("Side by side").selectOption("2");
    await page.getByLabel(/^2: reach-box, seed 5, start 0/).check();
    await page.getByText("another curve").waitFor();
    await page.getByLabel("Time", { exact: true }).fill("12");
    for (const pane of [0, 1]) {
      const shown = `globalThis.viewer.panes.value[${pane}].shown.value`;
      await eventually(() => page.evaluate(shown)).toBe(12);
    }
    // another one is shown at the same moment
    await page
      .locator("#episodes")
      .selectOption({ label: "reach-box, seed 5, start 2 (runs/first)" });
    await page.getByText("a good curve").waitFor();
    await eventually(() => page.evaluate("globalThis.viewer.pane.value.shown.value")).toBe(12);
    await page.getByLabel(/^1: reach-box/).check();
    await page.getByRole("button", { name: "Next failure" }).click();
    await page.getByText("a third curve").waitFor();
    await page.locator("#plot").selectOption("return");
    await page.getByText(/^Not known: its actions, run again, do not give its poses/).waitFor();
    await page.getByRole("button", { name: "Next failure" }).click();
    await page.getByText("a curve", { exact: true }).waitFor();
    // the last of them comes before a success
    const good = "reach-box, seed 5, start 2 (runs/first)";
    await page.locator("#episodes").selectOption({ label: good });
    await page.getByText("a good curve").waitFor();
    await page.getByRole("button", { name: "Previous failure" }).click();
    await page.getByText("a curve", { exact: true }).waitFor();
  });

  it("that arrives late does not take the place of what was chosen after it", async () => {
    const held: (() => void)[] = [];
    await open("?paused&replay=library/replays/runs/first/third.json", (fresh) =>
      fresh.route("**/replays/runs/first/curve.json", async (route) => {
        await new Promise<void>((resolve) => held.push(resolve));
        // the page may have given it up
        await route.continue().catch(() => {});
      }),
    );
    await page.getByText("a third curve").waitFor();
    const late = "reach-box, seed 5, start 0 (runs/first)";
    const chooseLate = async (times: number) => {
      await page.locator("#episodes").selectOption({ label: late });
      await eventually(() => held.length).toBe(times);
    };
    /** What the pane is to show once the late one has come. */
    const arrived = async () => {
      held.at(-1)?.();
      await page.waitForTimeout(500);
      return page.evaluate(`(() => {
        const { mode, replayUrl } = globalThis.viewer.pane.value;
        return [mode.value, replayUrl.value];
      })()`);
    };

    await chooseLate(1);
    const other = "reach-box, seed 5, start 0 (runs/second)";
    await page.locator("#episodes").selectOption({ label: other });
    await page.getByText("another curve").waitFor();
    const second = "library/replays/runs/second/curve.json";
    expect(await arrived()).toEqual(["replay", second]);

    await chooseLate(2);
    await page.getByRole("radio", { name: "Live" }).check();
    await page.locator("#live-scene").waitFor();
    expect(await arrived()).toEqual(["live", second]);
    expect(await alert().isVisible()).toBe(false);
  });

  it("that the server does not have is named", async () => {
    await open("?replay=library/replays/runs/first/gone.json");
    await eventually(() => alert().textContent()).toContain("There is no replay");
  });

  it("that does not come leaves the page at what it showed", async () => {
    await open("?paused", (fresh) => fresh.route("**/replays/**", (route) => route.abort()));
    await drawnPositions(page);
    await page.getByRole("radio", { name: "Replay" }).click();
    await eventually(() => alert().textContent()).toContain("cannot be read from the server");
    await eventually(() => page.getByRole("radio", { name: "Live" }).isChecked()).toBe(true);
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
    await eventually(() => coloursOf(cameraPicture("colour"))).toBeGreaterThan(3);
  });

  it("the simulation", async () => {
    await open("?paused", (fresh) => fresh.route("**/sim/rapier.ts*", (route) => route.abort()));
    await eventually(() => alert().textContent()).toContain("The simulation did not load");
  });
});
