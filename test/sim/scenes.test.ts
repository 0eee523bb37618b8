/** Every scene keeps the contract by being listed. */

import { expect, it } from "vitest";
import { findScene, scenes } from "../../sim/scenes/index.ts";
import { describeScene } from "../support/conformance.ts";

for (const scene of scenes) describeScene(scene);

it("names the scenes there are when asked for another", () => {
  expect(() => findScene("nope")).toThrow(/^Unknown scene "nope"\. Scenes: .*reach-box.*\.$/);
});
