import { expect, it } from "vitest";
import { PoseHistory } from "../../sim/render/latency.ts";
import { writePose } from "../../sim/render/pack.ts";
import { createRenderer } from "../../sim/render/renderer.ts";
import { primitive, type Renderer } from "../../sim/render/types.ts";
import { aim, cameraPose, place } from "./scenes.ts";

const centre = (renderer: Renderer, v: number) => {
  const { width, height } = renderer.camera;
  return renderer.depth_m[v * width * height + (height / 2) * width + width / 2];
};

async function threeViews(): Promise<Renderer> {
  const renderer = await createRenderer({
    camera: { width: 8, height: 8, horizontalFov_rad: 0.2 },
    maxViews: 3,
    maxPrimitives: 1,
  });
  for (let v = 0; v < 3; v++) {
    aim(renderer, v, cameraPose(0, 0, 0, 0, 0));
    place(renderer, v, [{ kind: "box", id: 1, size: [0.5, 1, 1] }]);
  }
  return renderer;
}

// the front of the box `x` ahead
function approach(renderer: Renderer, v: number, x: number): void {
  writePose(renderer.primitives, v * primitive.size, x + 0.5, 0, 0, 0, 0, 0, 1);
}

it("shows each view the state of its own number of steps ago", async () => {
  const renderer = await threeViews();
  const history = new PoseHistory(renderer, 3);
  for (let step = 1; step <= 9; step++) {
    for (let v = 0; v < 3; v++) {
      approach(renderer, v, step);
      aim(renderer, v, cameraPose(0, 0, 0, 0, 0));
      history.push(v);
    }
    history.recall([0, 1, 3]);
    renderer.render({ depth: true });
    expect(centre(renderer, 0)).toBeCloseTo(step, 3);
    expect(centre(renderer, 1)).toBeCloseTo(Math.max(1, step - 1), 3);
    expect(centre(renderer, 2)).toBeCloseTo(Math.max(1, step - 3), 3);
  }
});

it("delays the camera with the objects, and starts anew when told to", async () => {
  const renderer = await threeViews();
  const history = new PoseHistory(renderer, 2);
  const push = (objectX: number, cameraX: number) => {
    approach(renderer, 0, objectX);
    aim(renderer, 0, cameraPose(cameraX, 0, 0, 0, 0));
    history.push(0);
  };
  const seenAfter = (delay: number) => {
    history.recall([delay, 0, 0]);
    renderer.render({ depth: true });
    return centre(renderer, 0);
  };
  push(5, 0);
  push(6, 3);
  expect(seenAfter(1)).toBeCloseTo(5, 3);
  expect(seenAfter(0)).toBeCloseTo(3, 3);
  history.forget(0);
  push(9, 1);
  expect(seenAfter(2)).toBeCloseTo(8, 3);
});

it("refuses a delay that it does not keep", async () => {
  const renderer = await threeViews();
  const history = new PoseHistory(renderer, 2);
  history.push(1);
  expect(() => history.recall([0, 3, 0])).toThrow(
    "View 1 asks for 3 steps ago; this history keeps 0 to 2.",
  );
});
