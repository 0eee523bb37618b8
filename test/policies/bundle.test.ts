import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { FileError } from "../../core/errors.ts";
import { readBundle, writeBundle } from "../../policies/bundle.ts";
import { exportBundle } from "../../policies/export.ts";
import { loadPolicy } from "../../policies/runtime/node.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { believingPolicy, linearPolicy, summingPolicy } from "./tiny-policies.ts";

const root = temporaryFolder();
const folder = path.join(root, "policies", "linear");
const policy = linearPolicy();

describe("bundle", () => {
  beforeEach(async () => {
    await writeBundle(folder, policy);
  });

  it("gives back the bytes and the manifest", () => {
    const bundle = readBundle(folder);
    expect(Buffer.from(bundle.onnx).equals(policy.onnx)).toBe(true);
    expect(bundle.manifest).toMatchObject(policy.manifest);
    expect(bundle.manifest.onnx.bytes).toBe(policy.onnx.length);
    expect(readdirSync(path.dirname(folder))).toEqual(["linear"]);
  });

  it("replaces an older bundle, and keeps it when the new one is not valid", async () => {
    const better = { ...policy.manifest, name: "better" };
    await writeBundle(folder, { ...policy, manifest: better });
    expect(readBundle(folder).manifest.name).toBe("better");
    const worse = { ...policy.manifest, controlStep_s: -1 };
    await expect(writeBundle(folder, { ...policy, manifest: worse })).rejects.toThrow(FileError);
    expect(readBundle(folder).manifest.name).toBe("better");
  });

  it("names the folder or file that is missing", () => {
    expect(() => readBundle(path.join(root, "none"))).toThrow("There is no policy bundle at");
    rmSync(path.join(folder, "policy.onnx"));
    expect(() => readBundle(folder)).toThrow("policy.onnx");
    rmSync(path.join(folder, "policy.json"));
    expect(() => readBundle(folder)).toThrow("policy.json");
  });

  it("refuses a truncated and an altered ONNX file", () => {
    const file = path.join(folder, "policy.onnx");
    writeFileSync(file, policy.onnx.subarray(0, 50));
    expect(() => readBundle(folder)).toThrow(
      `has 50 bytes, its manifest says ${policy.onnx.length}`,
    );
    const altered = policy.onnx.slice();
    altered[70] ^= 1;
    writeFileSync(file, altered);
    expect(() => readBundle(folder)).toThrow("was altered");
  });

  it("refuses a manifest that is not JSON, and says where", () => {
    writeFileSync(path.join(folder, "policy.json"), '{"format": 1,');
    expect(() => readBundle(folder)).toThrow(/policy\.json" is not JSON: /);
  });

  it("refuses bytes that are no ONNX model, even when they are the ones that were written", async () => {
    const text = path.join(root, "text");
    await writeBundle(text, { ...policy, onnx: Buffer.from("not a model") });
    await expect(loadPolicy(text)).rejects.toThrow(/does not load: .*Export it again/);
  });
});

describe("exportBundle", () => {
  const inputs = { state: Float32Array.of(0.1, 0.2, 0.3, 1, 1, -1) };
  // [x + 2y, 0.5 - z], clipped to [-1, 1]
  const expected = Float32Array.of(0.5, 0.2, 1, 1);
  const target = path.join(root, "exported");

  it("writes the bundle and gives the largest difference", async () => {
    const report = await exportBundle({ folder: target, ...policy, check: { inputs, expected } });
    expect(report.rows).toBe(2);
    expect(report.maxDifference).toBeLessThan(1e-6);
    expect(readBundle(target).manifest).toEqual(report.manifest);
  });

  it.each([
    ["another action", Float32Array.of(0.5, 0.2, 1, 0.9)],
    ["an action that is not finite", Float32Array.of(0.5, 0.2, 1, Number.NaN)],
  ])("refuses %s and writes nothing", async (_, wrong) => {
    const nowhere = path.join(root, "nowhere");
    const check = { inputs, expected: wrong };
    await expect(exportBundle({ folder: nowhere, ...policy, check })).rejects.toThrow(
      /differs from the trainer by (0\.1|NaN).*, at most 0.00001 is allowed/,
    );
    expect(readdirSync(root)).not.toContain("nowhere");
  });

  it("checks what the policy says of poses as it checks actions", async () => {
    const believing = believingPolicy();
    const poses = Float32Array.of(0.3, 0.1, 0.2, -1, 1, 1);
    const check = { inputs, expected, poses };
    const report = await exportBundle({ folder: target, ...believing, check });
    expect(report.maxDifference).toBeLessThan(1e-6);
    const nowhere = path.join(root, "nowhere");
    for (const wrong of [poses.map((value) => value + 0.25), poses.slice(3)]) {
      const request = { folder: nowhere, ...believing, check: { ...check, poses: wrong } };
      await expect(exportBundle(request)).rejects.toThrow(
        /differs from the trainer by (0\.25|NaN)/,
      );
    }
    expect(readdirSync(root)).not.toContain("nowhere");
  });

  it("takes limits that float32 cannot hold", async () => {
    // 0.1 is 0.100000001 there
    const narrow = linearPolicy(0.1);
    const check = { inputs, expected: Float32Array.of(0.1, 0.1, 0.1, 0.1) };
    await exportBundle({ folder: target, ...narrow, check });
    expect(readBundle(target).manifest.output.high).toBe(0.1);
  });

  describe("of a policy that remembers", () => {
    const summing = summingPolicy();
    const check = {
      inputs: { push: Float32Array.of(0.25, 0.5, -0.25, 0) },
      expected: Float32Array.of(0.25, 0.5, -0.25, 0),
      // the sum of two pushes
      expectedNext: Float32Array.of(0.5, 1, -0.5, 0),
    };
    const nowhere = path.join(root, "nowhere");

    it("compares the step after the first, too", async () => {
      const report = await exportBundle({ folder: target, ...summing, check });
      expect(report).toMatchObject({ rows: 2, maxDifference: 0 });
      const forgetful = { ...check, expectedNext: check.expected };
      await expect(exportBundle({ folder: nowhere, ...summing, check: forgetful })).rejects.toThrow(
        /differs from the trainer by 0\.5/,
      );
      const manifest = { ...summing.manifest, output: { ...summing.manifest.output, high: 0.75 } };
      await expect(
        exportBundle({ folder: nowhere, onnx: summing.onnx, manifest, check }),
      ).rejects.toThrow("action 1 is outside [-1, 0.75]");
    });

    it("wants to be told of it", async () => {
      const { expectedNext: _, ...half } = check;
      await expect(exportBundle({ folder: nowhere, ...summing, check: half })).rejects.toThrow(
        'Policy "summing" was not exported: its manifest has recurrent states, its check no "expectedNext".',
      );
      expect(readdirSync(root)).not.toContain("nowhere");
    });
  });

  it("wants to be told what a policy says of poses", async () => {
    const check = { inputs, expected };
    const request = { folder: path.join(root, "nowhere"), ...believingPolicy(), check };
    await expect(exportBundle(request)).rejects.toThrow(
      'Policy "believing" was not exported: its manifest has poses, its check no "poses".',
    );
  });

  it("refuses actions outside the manifest's limits", async () => {
    const manifest = {
      ...policy.manifest,
      output: { ...policy.manifest.output, high: 0.4 },
    };
    const check = { inputs, expected };
    await expect(
      exportBundle({ folder: path.join(root, "outside"), onnx: policy.onnx, manifest, check }),
    ).rejects.toThrow("action 0.5 is outside [-1, 0.4]");
  });

  it("leaves a folder alone that it cannot replace with a whole one", async () => {
    const busy = path.join(root, "busy");
    mkdirSync(busy);
    writeFileSync(path.join(busy, "mine.txt"), "x");
    const check = { inputs, expected: new Float32Array(4) };
    await expect(exportBundle({ folder: busy, ...policy, check })).rejects.toThrow(FileError);
    expect(readdirSync(busy)).toEqual(["mine.txt"]);
  });
});
