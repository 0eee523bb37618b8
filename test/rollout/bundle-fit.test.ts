import path from "node:path";
import { expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { readBundle, writeBundle } from "../../policies/bundle.ts";
import type { CameraSpec, ManifestDraft } from "../../policies/manifest.ts";
import { misfitOf } from "../../rollout/bundle-fit.ts";
import { evaluateShard } from "../../rollout/evaluation.ts";
import { assembleScene } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf } from "../support/tiny-runs.ts";

const root = temporaryFolder();
const simulation = simulationOf("reach-box", { config: { budgetSteps: 3 } });

/** A fresh student of reach-box whose manifest says something else in part. */
async function bundleWith(name: string, changes: (manifest: ManifestDraft) => object) {
  const folder = path.join(root, name);
  await saveFreshStudent(folder, simulation);
  const { manifest, onnx } = readBundle(folder);
  const { format: _, onnx: __, ...draft } = manifest;
  await writeBundle(folder, { onnx, manifest: { ...draft, ...changes(draft) } });
  return { kind: "bundle", folder } as const;
}

/** A change of the camera that an input has. */
function throughCamera(changes: (camera: CameraSpec) => Partial<CameraSpec>) {
  return ({ inputs }: ManifestDraft) => ({
    inputs: inputs.map((input) =>
      input.camera ? { ...input, camera: { ...input.camera, ...changes(input.camera) } } : input,
    ),
  });
}

const evaluate = (actor: Awaited<ReturnType<typeof bundleWith>>) =>
  evaluateShard({ simulation, actor, firstStart: 0, starts: 1, record: false });

it.each<[string, (manifest: ManifestDraft) => object, string]>([
  ["another beat", () => ({ controlStep_s: 0.05 }), "control step in seconds should be 0.1"],
  [
    "a faster robot",
    ({ output }) => ({
      output: { ...output, columns: output.columns.map((column) => ({ ...column, scale: 1 })) },
    }),
    "scale of actions should be [0.4, 2.84], found [1, 1].",
  ],
  [
    "actions beyond what the simulation takes",
    ({ output }) => ({ output: { ...output, high: 2 } }),
    "range of actions should be [-1, 1], found [-1, 2].",
  ],
  [
    "images of something else",
    ({ inputs }) => ({
      inputs: inputs.map((input) =>
        input.camera ? { ...input, camera: { ...input.camera, layers: ["obstacle"] } } : input,
      ),
    }),
    "roles should be active, found obstacle.",
  ],
  [
    "a wider camera",
    throughCamera(({ horizontalFov_rad }) => ({ horizontalFov_rad: 1.5 * horizontalFov_rad })),
    // 69 degrees, and half as many again
    "camera's horizontal field of view in rad should be 1.204277, found 1.806416.",
  ],
  [
    // a picture of 16:9, squeezed into the same square: 2 atan(9 / 16 tan(34.5 degrees)) instead of 2 atan(3 / 4 tan(34.5 degrees))
    "a wider picture",
    throughCamera(() => ({ verticalFov_rad: 0.738177 })),
    "camera's vertical field of view in rad should be 0.951879, found 0.738177.",
  ],
  [
    "a camera that sees nothing near",
    throughCamera(() => ({ minDepth_m: 0.3 })),
    "camera's range of depth in metres should be [0.12, 10], found [0.3, 10].",
  ],
  [
    "a camera mounted elsewhere",
    throughCamera(({ baseFromCamera }) => ({
      baseFromCamera: { ...baseFromCamera, position: [0, 0, 0.3] },
    })),
    "camera's position on the base in metres should be [-0.03, 0, 0.2], found [0, 0, 0.3].",
  ],
  [
    // what is right in its image is down on the base, and it looks ahead
    "a camera mounted on its side",
    throughCamera(({ baseFromCamera }) => ({
      baseFromCamera: { ...baseFromCamera, rotation: [0, Math.SQRT1_2, 0, Math.SQRT1_2] },
    })),
    "camera's pitch, yaw and roll on the base in degrees should be [11.5, 0, 0], found [0, 0, 90].",
  ],
  [
    "a faster robot that looks farther",
    ({ inputs, output }) => ({
      output: { ...output, columns: output.columns.map((column) => ({ ...column, scale: 1 })) },
      inputs: inputs.map((input) =>
        input.camera ? { ...input, camera: { ...input.camera, maxDepth_m: 20 } } : input,
      ),
    }),
    "scale of actions should be [0.4, 2.84], found [1, 1]; its camera's range of depth in metres should be [0.12, 10], found [0.12, 20].",
  ],
])("refuses a bundle for %s", async (name, changes, says) => {
  const refused = evaluate(await bundleWith(name, changes));
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(`does not fit scene "reach-box": its ${says}`);
});

it("takes a bundle that drives more gently than it could", async () => {
  const gentle = await bundleWith("gentle", ({ output }) => ({ output: { ...output, high: 0.5 } }));
  expect(await evaluate(gentle)).toHaveLength(1);
});

it("knows the camera that a scene was set to", async () => {
  const folder = path.join(root, "looks-down");
  const camera = { pitch_deg: 25, horizontalFov_deg: 87 };
  const config = { robot: { camera } };
  await saveFreshStudent(folder, simulationOf("push-pair", { config }));
  const { manifest } = readBundle(folder);
  expect(manifest.sceneConfig).toMatchObject(config);
  const seenBy = manifest.inputs.find(({ name }) => name === "layers")?.camera;
  expect(seenBy?.horizontalFov_rad).toBeCloseTo((87 * Math.PI) / 180, 12);
  const { sceneConfig } = manifest;
  const pair = (settings: object | undefined) => assembleScene(findScene("push-pair"), settings);
  expect(misfitOf(manifest, pair(sceneConfig))).toBeUndefined();
  expect(misfitOf(manifest, pair({}))).toContain(
    "camera's horizontal field of view in rad should be 1.204277, found 1.518436",
  );
});
