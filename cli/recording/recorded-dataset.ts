/** Episodes as a LeRobot dataset: what its features are, and where their numbers come from. */

import { requireFfmpeg } from "../../bridge/dataset/video.ts";
import { type DatasetSpec, DatasetWriter, type Frame } from "../../bridge/dataset/writer.ts";
import { ConfigError } from "../../core/errors.ts";
import { inSiUnits, numbered, numberNames, type PolicyManifest } from "../../policies/manifest.ts";
import type { Rows } from "../../policies/runtime/runtime.ts";
import type { Picture } from "../../sim/pictures.ts";

/** Which pictures a dataset has: the robot's camera and the layers that the policy sees, or none. */
export type Pictures = "all" | "none";

export const camera = "observation.images.front";

/** One step of one robot. */
export interface DatasetStep {
  /** Tells robots that run together apart. */
  readonly robot: number | string;
  /** One row by input of the policy. */
  readonly inputs: Rows;
  /** In the manifest's output units. */
  readonly action: Float32Array;
  /** Simulations only. */
  readonly reward?: number;
  readonly picture?: Picture | undefined;
  /** Set with the last step of an episode. */
  readonly end?: { readonly outcome: string } | undefined;
}

/** Where steps come from: robots have neither rewards nor a second camera. */
export type Source = "simulation" | "robot";

/** @throws ConfigError when a dataset of such episodes could not be written here, as for want of ffmpeg. */
export function checkDatasetOf(manifest: PolicyManifest, source: Source, pictures: Pictures): void {
  const { videos } = specOf(manifest, source, pictures);
  if (Object.keys(videos).length > 0) requireFfmpeg("ffmpeg");
}

export class RecordedDataset {
  readonly #writer: DatasetWriter;
  readonly #manifest: PolicyManifest;
  readonly #source: Source;
  readonly #pictures: Pictures;
  readonly #task: string;
  readonly #onlySuccess: boolean;
  /** Frames of episodes that are under way, by robot. */
  readonly #frames = new Map<DatasetStep["robot"], Frame[]>();

  /** `folder` is filled; `finish` makes it a dataset. */
  constructor(
    folder: string,
    manifest: PolicyManifest,
    options: {
      readonly source: Source;
      readonly pictures: Pictures;
      /** What the robot does, in a sentence. */
      readonly task: string;
      readonly onlySuccess: boolean;
      readonly ffmpeg?: string;
    },
  ) {
    const { source, pictures, task, onlySuccess, ffmpeg } = options;
    const spec = specOf(manifest, source, pictures);
    this.#writer = new DatasetWriter(folder, ffmpeg === undefined ? spec : { ...spec, ffmpeg });
    this.#manifest = manifest;
    this.#source = source;
    this.#pictures = pictures;
    this.#task = task;
    this.#onlySuccess = onlySuccess;
  }

  get episodes(): number {
    return this.#writer.episodes;
  }

  get frames(): number {
    return this.#writer.frames;
  }

  async record(step: DatasetStep): Promise<void> {
    const frames = this.#frames.get(step.robot) ?? [];
    this.#frames.set(step.robot, frames);
    frames.push(this.#frameOf(step));
    if (!step.end) return;
    this.#frames.delete(step.robot);
    if (this.#onlySuccess && step.end.outcome !== "success") return;
    await this.#writer.add(this.#task, frames);
  }

  /** @throws ConfigError when no episode was kept. */
  async finish(): Promise<void> {
    if (this.#writer.episodes === 0) {
      throw new ConfigError(
        "No episode was kept, so there is no dataset. Record more of them, or leave out --onlySuccess.",
      );
    }
    await this.#writer.finish();
  }

  abandon(): void {
    this.#writer.abandon();
  }

  #frameOf({ inputs, action, reward = 0, picture, end }: DatasetStep): Frame {
    const state = vectorInputs(this.#manifest).flatMap(({ name }) => [...inputs[name]]);
    const images: Record<string, Uint8Array | Float32Array> = {};
    if (this.#pictures === "all") {
      if (picture) {
        images[camera] = picture.rgb;
        images[`${camera}_depth`] = picture.depth_m;
      }
      for (const { key, input, layer, pixels, scale_m } of layersOf(this.#manifest)) {
        const inverse = inputs[input].subarray(layer * pixels, (layer + 1) * pixels);
        // a pixel without depth has none in the video either
        images[key] = inverse.map((value) => (value > 0 ? scale_m / value : 0));
      }
    }
    return {
      vectors: {
        "observation.state": Float32Array.from(state),
        action: inSiUnits(this.#manifest.output, action),
      },
      scalars: {
        ...(this.#source === "simulation" ? { "next.reward": reward } : {}),
        "next.done": end !== undefined,
        "next.success": end?.outcome === "success",
      },
      images,
    };
  }
}

function specOf(manifest: PolicyManifest, source: Source, pictures: Pictures): DatasetSpec {
  const isSimulated = source === "simulation";
  const { controlStep_s, output, scene } = manifest;
  const fps = 1 / controlStep_s;
  const inputs = vectorInputs(manifest);
  const first = layersOf(manifest)[0];
  const size = { width: first?.width ?? 64, height: first?.height ?? 64 };
  const layers = layersOf(manifest).map(
    ({ key, width, height }) => [key, { kind: "depth", width, height }] as const,
  );
  return {
    // 1 / 0.1 is not quite 10 for every tenth
    fps: Math.abs(fps - Math.round(fps)) < 1e-6 ? Math.round(fps) : fps,
    robotType: manifest.robot ?? `understudy ${scene}`,
    vectors: {
      "observation.state": inputs.flatMap(numberNames),
      action: output.columns.flatMap(({ name, width, unit }) =>
        numbered(`${name} (${unit})`, width),
      ),
    },
    scalars: {
      ...(isSimulated ? { "next.reward": "float32" } : {}),
      "next.done": "bool",
      "next.success": "bool",
    },
    videos:
      pictures === "none"
        ? {}
        : {
            ...(isSimulated
              ? {
                  [camera]: { kind: "rgb" as const, ...size },
                  [`${camera}_depth`]: { kind: "depth" as const, ...size },
                }
              : {}),
            ...Object.fromEntries(layers),
          },
  };
}

function vectorInputs({ inputs }: PolicyManifest) {
  return inputs.filter((input) => input.camera === undefined);
}

/** The images that the policy sees, one feature a layer. */
function layersOf({ inputs }: PolicyManifest) {
  return inputs.flatMap(({ name: input, camera: seen }) =>
    (seen?.layers ?? []).map((name, layer) => ({
      key: `observation.images.${input}.${name}`,
      input,
      layer,
      width: seen?.width ?? 0,
      height: seen?.height ?? 0,
      pixels: (seen?.width ?? 0) * (seen?.height ?? 0),
      scale_m: seen?.inverseDepthScale_m ?? 1,
    })),
  );
}
