import fc from "fast-check";
import { expect, it } from "vitest";
import { ConfigError, FileError } from "../../core/errors.ts";
import { decodeReplay, encodeReplay, type Replay, sceneOf } from "../../sim/replay.ts";

const replay: Replay = {
  scene: "reach-box",
  config: { reach_m: 0.4 },
  policy: "by hand",
  seed: 3,
  start: 12,
  outcome: "success",
  controlStep_s: 0.1,
  bodies: ["robot", "box"],
  steps: 2,
  return: 1.5,
  poses: Float32Array.from({ length: 3 * 2 * 7 }, (_, i) => i / 3),
  actions: Float32Array.of(1, -1, 0.5, Number.MIN_VALUE),
};

it("comes back from its text bit by bit", () => {
  expect(decodeReplay(encodeReplay(replay), "a test")).toEqual(replay);
});

it("keeps any float, also from within a larger array", () => {
  const floats = fc.float32Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(floats, (values) => {
      const actions = Float32Array.of(0, ...values, 0).subarray(1, 5);
      const back = decodeReplay(encodeReplay({ ...replay, actions }), "a test").actions;
      expect(back).toEqual(actions.slice());
    }),
  );
});

const changed = (changes: object) =>
  JSON.stringify({ ...JSON.parse(encodeReplay(replay)), ...changes });

it.each([
  ["no JSON", "{", '"a.json" is not a replay: it is not JSON. Record it again.'],
  ["another format", changed({ format: 2 }), '"a.json" is not a replay: format:'],
  [
    "a field too many",
    changed({ tyop: 1 }),
    '"a.json" is not a replay: file: Unrecognized key: "tyop".',
  ],
  ["poses that are no base64", changed({ poses: "@" }), '"a.json" is not a replay: poses:'],
  [
    "too few poses",
    changed({ steps: 3 }),
    '"a.json" is cut short: expected 56 numbers of poses, found 42.',
  ],
])("refuses %s in a sentence", (_, text, sentence) => {
  expect(() => decodeReplay(text, "a.json")).toThrow(FileError);
  expect(() => decodeReplay(text, "a.json")).toThrow(sentence);
});

it("refuses a file whose actions are cut short", () => {
  const cut = { ...replay, actions: replay.actions.subarray(0, 3) };
  expect(() => decodeReplay(encodeReplay(cut), "a.json")).toThrow(FileError);
});

it("knows its scene, with the config it was recorded under", () => {
  expect(sceneOf(replay).cast.bodies[0].name).toBe("box");
  expect(sceneOf(replay).stages[0].done({ distance_m: 0.35 })).toBe(true);
  expect(() => sceneOf({ ...replay, scene: "gone" })).toThrow(ConfigError);
});
