import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FileError } from "../../core/errors.ts";
import { layout } from "../../core/layout.ts";
import { completeManifest, readBundle, zooFolder } from "../../policies/bundle.ts";
import {
  columnsOf,
  inSiUnits,
  layoutOf,
  type PolicyManifest,
  parseManifest,
  specOf,
} from "../../policies/manifest.ts";
import {
  describeInterface,
  differenceBetween,
  interfaceText,
  manifestHash,
} from "../../policies/manifest-hash.ts";
import { posesOutput } from "../../student/interface.ts";
import { believingPolicy, cnnPolicy, linearPolicy } from "./tiny-policies.ts";

const { onnx, manifest: draft } = linearPolicy();
const linear = completeManifest(draft, onnx);
const camera = completeManifest(cnnPolicy().manifest, onnx);

function changed(path: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(camera) as unknown as Record<string, unknown>;
  const keys = path.split(".");
  let at = copy;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys[keys.length - 1]] = value;
  return copy;
}

describe("manifest", () => {
  it("survives JSON", () => {
    expect(parseManifest(JSON.parse(JSON.stringify(camera)), "x")).toEqual(camera);
  });

  it.each([
    ["scene", 3, "at scene: "],
    ["spede", 3, 'Unrecognized key: "spede"'],
    ["controlStep_s", 0, "at controlStep_s: "],
    ["inputs.0.dtype", "float64", "at inputs.0.dtype: "],
    ["inputs.0.shape", [3, 64], '"layers" has shape [3, 64], its camera gives [3, 64, 64]'],
    ["inputs.0.camera.layers", ["target"], "its camera gives [1, 64, 64]"],
    ["output.shape", [3], 'the columns of "action" are 2 wide, its last axis is 3'],
    ["output.columns.0.name", "turn", '"action" has a column twice'],
    ["output.columns.0.scale", "fast", "at output.columns.0.scale: "],
    ["onnx.sha256", "abc", "at onnx.sha256: "],
  ])("names the first thing wrong: %s", (path, value, message) => {
    expect(() => parseManifest(changed(path, value), "policy.json")).toThrow(message);
  });

  it("says whose poses a policy tells, a line for each role", () => {
    const { manifest } = believingPolicy();
    const poses = posesOutput(["active", "anchor"]);
    expect(completeManifest({ ...manifest, poses }, onnx).poses).toEqual(poses);
    expect(poses.shape).toEqual([2, 3]);
    const short = { ...manifest, poses: { ...poses, roles: ["active"] } };
    expect(() => completeManifest(short, onnx)).toThrow('"poses" has 2 lines and 1 roles');
  });

  it("refuses another format before it judges the rest", () => {
    expect(() => parseManifest({ format: 3, other: true }, "policy.json")).toThrow(
      "has format 3, this version reads format 2. Update understudy.",
    );
    expect(() => parseManifest({ format: 1, other: true }, "policy.json")).toThrow(
      "has format 1, this version reads format 2. Export the policy again.",
    );
    expect(() => parseManifest(null, "policy.json")).toThrow(FileError);
  });

  it("turns columns into a layout and back", () => {
    const columns = layout({ twist: 2, goal: 3 });
    expect(layoutOf(columnsOf(columns))).toEqual(columns);
    expect(specOf(linear.inputs[0]).layout?.at).toEqual({ x: 0, y: 1, z: 2 });
  });

  it("scales actions to SI units column by column", () => {
    const si = inSiUnits(linear.output, Float32Array.of(1, -1, 0.5, 0));
    // forward 0.4 m/s, turn 2.84 rad/s
    expect([...si]).toEqual([0.4, -2.84, 0.2, 0].map(Math.fround));
  });
});

describe("manifestHash", () => {
  const hash = manifestHash(camera);

  it("depends on inputs, output and control step only, whatever the order of the keys", () => {
    const reversed = Object.fromEntries(Object.entries(camera).reverse()) as PolicyManifest;
    expect(manifestHash(reversed)).toBe(hash);
    expect(manifestHash({ ...camera, name: "other", scene: "other" } as PolicyManifest)).toBe(hash);
    const rounded = changed("inputs.0.camera.horizontalFov_rad", 1.2 + 1e-12);
    expect(manifestHash(parseManifest(rounded, "x"))).toBe(hash);
    for (const path of ["inputs.0.meaning", "output.columns.0.meaning"]) {
      const worded = changed(path, "in other words");
      expect(manifestHash(parseManifest(worded, "x"))).toBe(hash);
    }
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ["controlStep_s", 0.05],
    ["output.columns.1.scale", 2.8],
    ["inputs.0.camera.horizontalFov_rad", 1.3],
    ["inputs.0.camera.verticalFov_rad", 1.3],
    ["inputs.0.camera.minDepth_m", 0.3],
    ["inputs.0.camera.layers", ["anchor", "target", "other"]],
  ])("changes with %s", (path, value) => {
    expect(manifestHash(parseManifest(changed(path, value), "x"))).not.toBe(hash);
  });
});

describe("differenceBetween", () => {
  const own = interfaceText(camera);
  const to = (path: string, value: unknown) => {
    const other = structuredClone(changed(path, value));
    return differenceBetween(own, interfaceText(other as PolicyManifest));
  };

  it("says first how names and shapes differ", () => {
    expect(to("controlStep_s", 0.05)).toMatch(/^it has layers .* every 0\.1 s, the robot layers /);
  });

  it.each([
    [
      "output.columns.1.scale",
      2.8,
      'action.turn: {"scale":2.84,"unit":"rad/s","width":1}, the robot action.turn: {"scale":2.8,',
    ],
    [
      "inputs.0.camera.horizontalFov_rad",
      1.3,
      "layers.camera.horizontalFov_rad: 1.2, the robot layers.camera.horizontalFov_rad: 1.3",
    ],
    ["inputs.0.camera.baseFromCamera", undefined, "the robot no layers.camera.baseFromCamera"],
    ["inputs.0.low", 0, "it has no layers.low, the robot layers.low: 0"],
  ])("names %s", (path, value, words) => {
    expect(to(path, value)).toContain(words);
  });

  it("has words for a robot that gives no details", () => {
    const old = describeInterface(camera);
    expect(differenceBetween(own, old)).toBe(
      `both have ${old}, but units, scales, the order of columns or the camera differ`,
    );
  });

  it("has room for the interface of every shipped policy", () => {
    for (const name of readdirSync(zooFolder)) {
      if (!existsSync(`${zooFolder}/${name}/policy.json`)) continue;
      expect(interfaceText(readBundle(`${zooFolder}/${name}`).manifest).length).toBeLessThan(2000);
    }
  });
});
