/** The reader's losses: what an answer costs. */

import { expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { OBJECTS } from "../../../llm-planner/embedded/encoding.ts";
import { sideLoss } from "../../../llm-planner/embedded/reader-targets.ts";
import { DIRECTIONS } from "../../../llm-planner/grammar/goals.ts";
import { Actor } from "../../../nn/actor.ts";
import { Params } from "../../../nn/params.ts";

it("a side costs its surprise, or that of either answer where beside is as good", async () => {
  const sides = DIRECTIONS.length;
  const actor = await Actor.create({
    params: new Params().add("unused", [1], (out) => out.fill(0)),
    inputs: {
      logits: { shape: [OBJECTS, sides] },
      side: { shape: [OBJECTS, sides] },
      open: { shape: [OBJECTS] },
    },
    forward: (g, _, { logits, side, open }) => ({ loss: sideLoss(g, logits, side, open) }),
    outputs: ["loss"],
    batch: 1,
  });
  const rng = createRng(1);
  const logits = Float32Array.from({ length: OBJECTS * sides }, () => rng.uniform(-3, 3));
  const side = new Float32Array(OBJECTS * sides);
  const open = new Float32Array(OBJECTS);
  // of the first four objects the third and the fourth may have been meant to be just beside
  const asked = [1, 3, 0, 2];
  asked.forEach((direction, object) => {
    side[object * sides + direction] = 1;
    open[object] = object < 2 ? 0 : 1;
  });
  const { loss } = await actor.run(Float32Array.of(0), { logits, side, open });
  for (let object = 0; object < OBJECTS; object++) {
    const weights = [...logits.subarray(object * sides, (object + 1) * sides)].map(Math.exp);
    const p = (direction: number) => weights[direction] / weights.reduce((a, b) => a + b);
    const right = p(asked[object]) + (object < 2 ? 0 : p(DIRECTIONS.indexOf("beside")));
    expect(loss[object]).toBeCloseTo(object < asked.length ? -Math.log(right) : 0, 5);
  }
  await actor.close();
});
