/** Students that are read back out of the bundle they were exported to. */

import path from "node:path";
import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { encodeInference } from "../../nn/inference.ts";
import { readBundle, writeBundle } from "../../policies/bundle.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { readBundledStudent } from "../../student/bundled.ts";
import type { StudentConfig } from "../../student/config.ts";
import { studentSpec } from "../../student/student.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf, tinyStudent } from "../support/tiny-runs.ts";

const folder = temporaryFolder();

describe("a student in a bundle", () => {
  it.each<[string, Partial<StudentConfig>]>([
    ["push-pair", {}],
    ["push-cross", { lastSeen: true, channels: [4] }],
    ["reach-box", { memory: 4, belowHorizon: false }],
  ])("of %s comes back with its network and its weights", async (scene, changes) => {
    const bundle = path.join(folder, scene);
    const simulation = simulationOf(scene);
    await saveFreshStudent(bundle, simulation, changes);
    const spec = studentSpec(simulation, { ...tinyStudent, channels: [], joint: 8, ...changes });
    const student = readBundledStudent(bundle);
    expect(student).toMatchObject({ spec, scene });
    expect(student.theta).toEqual(studentNetwork(spec).params.init(createRng(3)));
    expect(studentSpec(simulation, student.config)).toEqual(spec);
  });

  it("brings its scene's settings along, those that are not the defaults", async () => {
    const bundle = path.join(folder, "prisms");
    const config = { shape: "prism", reward: { align: 3 } };
    await saveFreshStudent(bundle, simulationOf("push-cross", { config }));
    expect(readBundledStudent(bundle)).toMatchObject({ scene: "push-cross", sceneConfig: config });
    expect(readBundle(bundle).manifest.sceneConfig).toEqual(config);
    expect(readBundledStudent(path.join(folder, "push-pair"))).not.toHaveProperty("sceneConfig");
  });

  it("that reports no poses has a new pose head, of which nothing is asked", async () => {
    const bundle = path.join(folder, "silent");
    await saveFreshStudent(bundle, simulationOf("push-pair"), { poseWeight: 0 });
    const { config, spec, theta } = readBundledStudent(bundle);
    expect(config.poseWeight).toBe(0);
    const { at } = studentNetwork(spec).params.offsetOf("pose.1.w");
    expect(theta.subarray(0, at)).toEqual(
      studentNetwork(spec).params.init(createRng(3)).subarray(0, at),
    );
    expect(theta.every(Number.isFinite)).toBe(true);
  });

  it("is refused where the file does not say how it is built, or says nonsense", async () => {
    const bundle = path.join(folder, "push-pair");
    const { manifest } = readBundle(bundle);
    const { format: _, onnx: __, ...draft } = manifest;
    const { params, act, inputs } = studentNetwork(
      studentSpec(simulationOf("push-pair"), tinyStudent),
    );
    const encode = (metadata: Record<string, string>) =>
      encodeInference({
        ...{ params, inputs, metadata, outputs: ["mean"], forward: act },
        theta: params.init(createRng(1)),
      });
    const told = async (metadata: Record<string, string>) => {
      const altered = path.join(folder, "altered");
      await writeBundle(altered, { manifest: draft, onnx: encode(metadata) });
      return () => readBundledStudent(altered);
    };
    expect(await told({})).toThrow(/does not say how its network is built/);
    expect(await told({ network: "{" })).toThrow(/a network that this version does not know/);
    expect(await told({ network: '{"kind":"teacher"}' })).toThrow(/does not know/);
  });
});
