/** Bytes to values and back, against what Python's own packages write. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMap, pack, unpack } from "../../../bridge/adapters/msgpack.ts";
import { decodeNpy, encodeNpy, ndarray, toFloat32 } from "../../../bridge/adapters/numpy.ts";
import { bytes, reasonOf } from "./support.ts";

describe(".npy files", () => {
  it.each(["u1", "b1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])(
    "reads %s as numpy wrote it",
    (kind) => {
      const array = decodeNpy(bytes(`npy ${kind}`));
      expect(array.shape).toEqual([2, 3]);
      const numbers = kind === "b1" ? [0, 1, 1, 1, 1, 1] : [0, 1, 2, 3, 4, 5];
      expect([...toFloat32(array)]).toEqual(numbers);
    },
  );

  it.each(["npy f4", "npy f8", "npy u1", "npy i8", "npy scalar", "npy vector"])(
    "writes %s byte for byte as numpy does",
    (name) => {
      expect(Buffer.from(encodeNpy(decodeNpy(bytes(name))))).toEqual(bytes(name));
    },
  );

  it("reads version 2, and single numbers", () => {
    expect([...toFloat32(decodeNpy(bytes("npy version 2")))]).toEqual([0, 1, 2]);
    expect(decodeNpy(bytes("npy scalar"))).toMatchObject({ shape: [], dtype: "<f4" });
  });

  it("refuses another order of axes or of bytes, and anything cut short", () => {
    expect(reasonOf(() => decodeNpy(bytes("npy fortran")))).toBe("wrong shape");
    expect(reasonOf(() => decodeNpy(bytes("npy big-endian")))).toBe("wrong dtype");
    const whole = bytes("npy f4");
    for (let length = 0; length < whole.length; length++) {
      expect(reasonOf(() => decodeNpy(whole.subarray(0, length)))).toMatch(/not an array|wrong/);
    }
  });

  it("reads from frames that are not aligned, and owns what it read", () => {
    const frame = Buffer.concat([Buffer.from([0]), bytes("npy f8")]);
    const array = decodeNpy(frame.subarray(1));
    frame.fill(0);
    expect([...toFloat32(array)]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("MessagePack", () => {
  it("reads back whatever the writer writes", () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true }).filter((x) => !Object.is(x, -0)),
      fc.string(),
      fc.constantFrom("", "é", "日本語", "🤖", "x".repeat(300), "x".repeat(70_000)),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("tree"), { maxLength: 5 }), tie("map")),
      map: fc.dictionary(fc.stringMatching(/^[a-z]{1,40}$/), tie("tree"), {
        maxKeys: 5,
        noNullPrototype: true,
      }),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(plain(unpack(pack(value)))).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });

  it("never throws anything but a refusal, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const reason = reasonOf(() => unpack(noise));
        expect([undefined, "not MessagePack", "not UTF-8"]).toContain(reason);
      }),
      { numRuns: 500 },
    );
  });

  // hand-made after the specification at msgpack.org
  it.each([
    ["a list that says it has 2^32 - 1 items", [0xdd, 0xff, 0xff, 0xff, 0xff], "not MessagePack"],
    ["a string longer than the frame", [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], "not MessagePack"],
    ["a string that is not UTF-8", [0xa2, 0xc3, 0x28], "not UTF-8"],
    ["an extension type", [0xd4, 0x01, 0x00], "not MessagePack"],
    ["a key twice", [0x82, 0xa1, 0x61, 0x01, 0xa1, 0x61, 0x02], "not MessagePack"],
    ["a key that is a number", [0x81, 0x01, 0x01], "not MessagePack"],
    ["bytes after the end", [0xc0, 0xc0], "not MessagePack"],
    ["lists in lists without end", Array<number>(10_000).fill(0x91), "not MessagePack"],
    ["nothing", [], "not MessagePack"],
  ])("refuses %s", (_, frame, reason) => {
    expect(reasonOf(() => unpack(Uint8Array.from(frame)))).toBe(reason);
  });

  it("takes __proto__ for a key like any other", () => {
    const value = unpack(pack(new Map([["__proto__", 1]])));
    expect(isMap(value) && value.get("__proto__")).toBe(1);
  });
});

it("keeps shapes and numbers in step", () => {
  expect(() => ndarray(new Float32Array(5), [2, 3])).toThrow("internal: 5 numbers");
});

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
