/** How much is drawn, on machines that are made up: seconds for each scene in full detail, and for the rest of a frame. */

import { expect, it } from "vitest";
import { Effort } from "../../viewer/draw/effort.ts";

/** A screen shows sixty frames a second at most. */
const SCREEN_s = 1 / 60;

interface Machine {
  readonly scene_s: number;
  readonly rest_s: number;
}

/** Draws for a while; returns the frames' lengths, and the detail of each. */
function watch(effort: Effort, { scene_s, rest_s }: Machine, scenes: number, duration_s: number) {
  const frames: { length_s: number; detail: number; drawn: number }[] = [];
  let length_s = SCREEN_s;
  for (let time_s = 0; time_s < duration_s; time_s += length_s) {
    effort.frame(length_s, scenes);
    const drawn = Array.from({ length: scenes }, (_, i) => i).filter((i) => effort.draws(i)).length;
    // a processor that draws takes as long as there are pixels
    length_s = Math.max(SCREEN_s, rest_s + drawn * scene_s * effort.detail ** 2);
    frames.push({ length_s, detail: effort.detail, drawn });
  }
  return frames;
}

const changes = (frames: readonly { readonly detail: number }[]) =>
  frames.filter(({ detail }, i) => i > 0 && detail !== frames[i - 1].detail).length;

it("leaves a machine alone that draws all of it in time", () => {
  const frames = watch(new Effort(), { scene_s: 0.003, rest_s: 0.002 }, 4, 60);
  expect(new Set(frames.map(({ detail, drawn }) => `${detail} ${drawn}`))).toEqual(
    new Set(["1 4"]),
  );
});

it("draws scenes in turns before it takes detail from them", () => {
  const frames = watch(new Effort(), { scene_s: 0.013, rest_s: 0.005 }, 4, 60);
  expect(frames.at(-1)).toMatchObject({ detail: 1, drawn: 2 });
});

it.each([1, 4])("brings the frames of a slow machine below 40 ms with %i scenes", (scenes) => {
  const frames = watch(
    new Effort(),
    { scene_s: scenes === 1 ? 0.09 : 0.05, rest_s: 0.01 },
    scenes,
    60,
  );
  expect(frames[0].length_s).toBeGreaterThan(0.09);
  expect(frames.at(-1)?.length_s).toBeLessThan(0.04);
  expect(frames.at(-1)?.detail).toBeGreaterThanOrEqual(0.5);
});

it("gives up detail down to half, and no further", () => {
  const frames = watch(new Effort(), { scene_s: 1, rest_s: 0.01 }, 1, 60);
  expect(frames.at(-1)?.detail).toBe(0.5);
});

it("gives detail back once the machine has time again", () => {
  const effort = new Effort();
  watch(effort, { scene_s: 0.09, rest_s: 0.01 }, 1, 30);
  expect(effort.detail).toBeLessThan(1);
  watch(effort, { scene_s: 0.002, rest_s: 0.002 }, 1, 60);
  expect(effort.detail).toBe(1);
});

it("does not go back and forth where one step more is too much", () => {
  // 45 ms in full detail, 16 ms one step below
  const frames = watch(new Effort(), { scene_s: 0.08, rest_s: -0.035 }, 1, 300);
  expect(changes(frames)).toBeLessThanOrEqual(3);
  expect(frames.at(-1)?.length_s).toBeLessThan(0.04);
});

it("tries again when other scenes are shown", () => {
  const effort = new Effort();
  watch(effort, { scene_s: 0.08, rest_s: -0.035 }, 1, 60);
  expect(effort.detail).toBeLessThan(1);
  watch(effort, { scene_s: 0.002, rest_s: 0.002 }, 2, 60);
  expect(effort.detail).toBe(1);
});
