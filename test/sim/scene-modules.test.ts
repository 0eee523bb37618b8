/** Modules that bring scenes, as threads and the page import them. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { addScene, findScene, listedScenes } from "../../sim/scenes/index.ts";
import { addScenesOf } from "../../sim/scenes/modules.ts";

const reachBox = findScene("reach-box");
const named = (name: string) => ({ ...reachBox, name });
const add = (module: object) => addScenesOf("mine.ts", async () => module);

describe("a module", () => {
  it("adds every scene that it exports, whoever defined it, and nothing else", async () => {
    // as another copy of the package defines one
    const copy = { name: "copied", summary: "As here.", config: z.object({}), assemble() {} };
    await add({
      first: named("first"),
      copy,
      reading: { name: "first" },
      reach_m: 0.3,
      none: null,
    });
    const names = listedScenes().map(({ name }) => name);
    expect(names.slice(-2)).toEqual(["first", "copied"]);
    expect(findScene("copied")).toBe(copy);
  });

  it("may add its scenes itself, and may be given twice", async () => {
    const module = { answer: 42 };
    const load = async () => {
      if (!listedScenes().some(({ name }) => name === "by itself")) addScene(named("by itself"));
      return module;
    };
    await addScenesOf("mine.ts", load);
    await addScenesOf("mine.ts", load);
    expect(findScene("by itself").name).toBe("by itself");
  });

  it("may have been imported by one before it", async () => {
    await addScenesOf("two.ts", async () => {
      addScene(named("imported by two"));
      return { mine: named("two") };
    });
    await expect(add({ nothing: true })).resolves.toBeUndefined();
  });

  it("may export a scene that ships, which is listed once", async () => {
    await add({ reachBox });
    expect(listedScenes().filter(({ name }) => name === "reach-box")).toHaveLength(1);
  });
});

describe("a module is refused", () => {
  const failing = (error: unknown) =>
    addScenesOf("mine.ts", async () => {
      throw error;
    });
  const unread = Object.assign(new Error('Unknown file extension ".ts"'), {
    code: "ERR_UNKNOWN_FILE_EXTENSION",
  });

  const withSettings = (name: string, config: object) => add({ mine: { ...named(name), config } });
  const degrees = z.number().transform((angle_deg) => (angle_deg * Math.PI) / 180);

  it.each([
    [
      "whose settings are not of zod 4",
      () => withSettings("old", { _def: {}, safeParse() {} }),
      'Cannot add a scene of "mine.ts": The settings of scene "old" are no schema of zod 4. Install zod@4.',
    ],
    [
      "whose settings parsing changes",
      () =>
        withSettings(
          "turning",
          z.strictObject({
            apart_m: z.coerce.number().default(1),
            start: z.strictObject({ angle: degrees.prefault(90) }).prefault({}),
          }),
        ),
      'Cannot add a scene of "mine.ts": Scene "turning" has the setting "start.angle", which parsing changes (a transform, a codec or a preprocess). Change it where the scene uses it: settings are parsed again wherever they are read.',
    ],
    [
      "whose settings are prepared before they are parsed",
      () =>
        withSettings("prepared", z.object({ angle: z.preprocess(Number, z.number()).default(0) })),
      'Cannot add a scene of "mine.ts": Scene "prepared" has the setting "angle", which parsing changes (a transform, a codec or a preprocess). Change it where the scene uses it: settings are parsed again wherever they are read.',
    ],
    [
      "that adds no scene",
      () => add({ schema: z.object({}), scene: { name: "half", summary: "A half." } }),
      'The module "mine.ts" adds no scene. Expected one that exports what defineScene returns, or calls addScene.',
    ],
    [
      "whose scene has the name of another",
      () => add({ mine: named("reach-box") }),
      'Cannot add a scene of "mine.ts": There is a scene "reach-box" already. Give the other one another name.',
    ],
    [
      "that throws",
      () => failing(new Error("Nothing\n  here.")),
      'Cannot import the scenes of "mine.ts": Nothing here.',
    ],
    [
      "that throws what is no error",
      () => failing("nothing"),
      'Cannot import the scenes of "mine.ts": nothing.',
    ],
    [
      "that this Node cannot read",
      () => failing(unread),
      'Cannot import the scenes of "mine.ts": Unknown file extension ".ts". Before Node 22.18 a module has to be JavaScript.',
    ],
  ])("%s", async (_, act, sentence) => {
    await expect(act()).rejects.toThrow(new ConfigError(sentence));
  });
});
