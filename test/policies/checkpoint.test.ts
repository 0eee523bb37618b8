import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileError, ShapeError } from "../../core/errors.ts";
import {
  type Checkpoint,
  readCheckpoint,
  readCheckpointKind,
  writeCheckpoint,
} from "../../policies/checkpoint.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const file = path.join(folder, "runs", "teacher.checkpoint");

const params = [
  { name: "head.weight", shape: [2, 3] },
  { name: "head.bias", shape: [2] },
];

function example(): Checkpoint {
  return {
    kind: "teacher",
    seed: 7,
    config: { learningRate: 3e-4, text: "größer" },
    progress: { environmentSteps: 4096, curve: [0, 0.5] },
    params,
    arrays: {
      theta: Float32Array.from({ length: 8 }, (_, i) => i / 3),
      m: new Float32Array(8).fill(-0),
      v: new Float32Array(8).fill(1e-38),
      "observation.mean": Float32Array.of(Number.NaN, Infinity, 1),
    },
  };
}

describe("checkpoint", () => {
  it("gives back what was written, bit for bit", () => {
    writeCheckpoint(file, example());
    const read = readCheckpoint(file, { kind: "teacher", params });
    expect(read).toEqual(example());
    expect(Object.is(read.arrays.m[0], -0)).toBe(true);
    expect(readdirSync(path.dirname(file))).toEqual(["teacher.checkpoint"]);
  });

  it("writes arrays that are views or shared between threads", () => {
    const shared = new Float32Array(new SharedArrayBuffer(48), 8, 8).fill(2);
    writeCheckpoint(file, { ...example(), arrays: { theta: shared } });
    expect(readCheckpoint(file, { kind: "teacher" }).arrays.theta).toEqual(
      new Float32Array(8).fill(2),
    );
  });

  it("names the first parameter that differs", () => {
    writeCheckpoint(file, example());
    const wider = [params[0], { name: "head.bias", shape: [4] }];
    expect(() => readCheckpoint(file, { kind: "teacher", params: wider })).toThrow(
      'parameter 2 is "head.bias" [2] in the file, expected "head.bias" [4]',
    );
    expect(() => readCheckpoint(file, { kind: "teacher", params: params.slice(0, 1) })).toThrow(
      'parameter 2 is "head.bias" [2] in the file, expected absent',
    );
  });

  it("says of which kind a file is", () => {
    writeCheckpoint(file, example());
    expect(readCheckpointKind(file)).toBe("teacher");
  });

  it("refuses another kind, another file and no file", () => {
    writeCheckpoint(file, example());
    expect(() => readCheckpoint(file, { kind: "student" })).toThrow(
      "is of a teacher, expected one of a student",
    );
    writeFileSync(`${file}.json`, "{}");
    expect(() => readCheckpoint(`${file}.json`, { kind: "student" })).toThrow("not a checkpoint");
    expect(() => readCheckpoint(`${file}.none`, { kind: "student" })).toThrow("no such file");
  });

  it("refuses a theta that does not fit its parameters, and leaves no file", () => {
    const other = path.join(folder, "other.checkpoint");
    const arrays = { theta: new Float32Array(7) };
    expect(() => writeCheckpoint(other, { ...example(), arrays })).toThrow(ShapeError);
    expect(readdirSync(folder)).not.toContain("other.checkpoint");
  });

  it("refuses every truncation and every changed byte", () => {
    writeCheckpoint(file, example());
    const whole = readFileSync(file);
    const bad = path.join(folder, "bad.checkpoint");
    const position = fc.nat(whole.length - 1);
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const bytes = Buffer.from(cut ? whole.subarray(0, at) : whole);
        if (!cut) bytes[at] ^= change;
        writeFileSync(bad, bytes);
        expect(() => readCheckpoint(bad, { kind: "teacher" })).toThrow(FileError);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
