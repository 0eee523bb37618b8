/** Every scene keeps the contract by being listed. */

import { expect, it } from "vitest";
import { addScene, findScene, scenes } from "../../sim/scenes/index.ts";
import { describeScene } from "../support/conformance.ts";

for (const scene of scenes) describeScene(scene);

it("names the scenes there are when asked for another", () => {
  expect(() => findScene("nope")).toThrow(/^Unknown scene "nope"\. Scenes: .*reach-box.*\.$/);
});

it("names added ones, too, but for those that nobody chooses", () => {
  const [scene] = scenes;
  addScene({ ...scene, name: "brought" });
  addScene({ ...scene, name: "inner" }, { listed: false });
  expect(findScene("inner").name).toBe("inner");
  expect(() => findScene("nope")).toThrow(/push-pair, brought\. One of your own/);
});
