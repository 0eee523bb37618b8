import { describe, expect, it } from "vitest";
import { type SightingCamera, Sightings } from "../../core/sightings.ts";

/** A camera that looks level from 0.1 m above the floor: 90 degrees wide and high, 20 x 20 pixels. */
const camera: SightingCamera = {
  width: 20,
  height: 20,
  tanHalfX: 1,
  tanHalfY: 1,
  x_m: 0.5,
  z_m: 0.1,
  pitch_rad: 0,
};
const rules = { top_m: 0.3, depth_m: 0.1, leastPixels: 4 };
const FIRST = 7;

/** An image in which the pixels of a rectangle belong to one thing at one depth. */
function imageOf(columns: readonly [number, number], depth_m: number, id = FIRST) {
  const ids = new Uint8Array(400);
  const layers = new Float32Array(2 * 400);
  for (let row = 8; row < 12; row++) {
    for (let column = columns[0]; column < columns[1]; column++) {
      ids[row * 20 + column] = id;
      layers[400 + row * 20 + column] = 1 / depth_m;
    }
  }
  return { ids, layers };
}

function look(image: ReturnType<typeof imageOf>, by = camera, things = 2, at = 0) {
  const sightings = new Sightings(by, things, rules);
  sightings.look(image.ids, at, FIRST, image.layers, 0, 2);
  const place = [Number.NaN, Number.NaN];
  return { kind: sightings.find(0, place), place, other: sightings.find(1, [0, 0]) };
}

describe("a sighting", () => {
  it("lies behind the side that is seen, along the line of sight", () => {
    // straight ahead: 1 m of depth, 10 cm to the middle, from a camera 0.5 m before the base
    const ahead = look(imageOf([8, 12], 1));
    expect(ahead.kind).toBe("whole");
    expect(ahead.place).toEqual([expect.closeTo(1.6, 6), expect.closeTo(0, 6)]);
    // columns 13 to 16 have u = 0.35 .. 0.65, 0.5 on average, to the right: 2 m ahead, 1 m right
    const right = look(imageOf([13, 17], 2));
    const further = 1 + 0.1 / Math.hypot(2, 1);
    expect(right.place).toEqual([
      expect.closeTo(0.5 + 2 * further, 6),
      expect.closeTo(-1 * further, 6),
    ]);
  });

  it("is the same wherever the image lies in memory", () => {
    const image = imageOf([7, 12], 1);
    for (const at of [1, 2, 3, 4]) {
      const ids = Uint8Array.from([...new Uint8Array(at), ...image.ids]);
      expect(look({ ...image, ids }, camera, 2, at)).toEqual(look(image));
    }
  });

  it("is only cut where the left or right border cuts the thing", () => {
    expect(look(imageOf([0, 4], 1)).kind).toBe("cut");
    expect(look(imageOf([16, 20], 1)).kind).toBe("cut");
    expect(look(imageOf([1, 5], 1)).kind).toBe("whole");
  });

  it("is none of too few pixels, of another's pixels, or of pixels without depth", () => {
    expect(look(imageOf([8, 9], 1)).kind).toBe("whole");
    const few = imageOf([8, 9], 1);
    few.ids[8 * 20 + 8] = 0;
    expect(look(few).kind).toBeUndefined();
    const other = look(imageOf([8, 12], 1, FIRST + 1));
    expect([other.kind, other.other]).toEqual([undefined, "whole"]);
    expect(look(imageOf([8, 12], 1, FIRST + 2)).kind).toBeUndefined();
    expect(look({ ...imageOf([8, 12], 1), layers: new Float32Array(800) }).kind).toBeUndefined();
  });

  it("leaves the top of a thing out", () => {
    // rows 8 to 11 lie 5 to 15 cm above and below the optical axis at 1 m: with the camera at 0.26 m, the upper two are above 0.3 m
    const high = { ...camera, z_m: 0.26 };
    const image = imageOf([8, 12], 1);
    // if the upper rows counted, what they say would move the mean
    for (const row of [8, 9]) {
      for (let column = 8; column < 12; column++) image.layers[400 + row * 20 + column] = 1 / 0.8;
    }
    expect(look(image, high).place[0]).toBeCloseTo(1.6, 6);
  });

  it("sees through a camera that looks down", () => {
    // 30 degrees down, on its axis at 2 m: cos(30) * 2 m ahead of it
    const down = { ...camera, z_m: 1.2, pitch_rad: Math.PI / 6 };
    const ids = new Uint8Array(400);
    const layers = new Float32Array(800);
    for (const i of [9 * 20 + 9, 9 * 20 + 10, 10 * 20 + 9, 10 * 20 + 10]) {
      ids[i] = FIRST;
      layers[i] = 1 / 2;
    }
    const { place } = look({ ids, layers }, down);
    expect(place[0]).toBeCloseTo(0.5 + 2 * Math.cos(Math.PI / 6) + 0.1, 6);
  });
});
