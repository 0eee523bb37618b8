/** Turns what robots see, do and are told into messages, for every sink alike. */

import type { CameraSpec, PolicyInterface } from "../../policies/manifest.ts";
import {
  type ActionMessage,
  actionChannel,
  bodiesChannel,
  type EpisodeMessage,
  episodeChannel,
  imageChannel,
  logChannel,
  type ObservationMessage,
  observationChannel,
  posesChannel,
} from "./channels.ts";
import { type Sink, type Stamp_ns, timeOf } from "./sink.ts";

/** One array of one robot, as it went to the policy. */
export interface RecordedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A body in the world frame; a body that has a size is drawn. */
export interface RecordedBody {
  readonly name: string;
  readonly position: readonly [x: number, y: number, z: number];
  readonly rotation: readonly [x: number, y: number, z: number, w: number];
}

/** A solid that a body is made of. */
export interface DrawnPart {
  readonly kind: "box" | "cylinder" | "prism";
  /** Full extents along x, y, z of the body in metres; of a prism, side, side and height. */
  readonly size_m: readonly [number, number, number];
  /** In the body's frame. */
  readonly centre_m: readonly [x: number, y: number, z: number];
  readonly rgb: readonly [number, number, number];
}

export interface DrawnBody {
  readonly name: string;
  readonly parts: readonly DrawnPart[];
}

/** As Foxglove counts them. */
const logLevels = { info: 2, warning: 3, error: 4 } as const;

export class Recorder {
  readonly #sinks: readonly Sink[];
  readonly #manifest: PolicyInterface;
  readonly #cameras: ReadonlyMap<string, CameraSpec>;
  #isEmpty = true;

  constructor(manifest: PolicyInterface, sinks: readonly Sink[]) {
    this.#manifest = manifest;
    this.#sinks = sinks;
    const cameras = manifest.inputs.flatMap(({ name, camera }) =>
      camera ? [[name, camera] as const] : [],
    );
    this.#cameras = new Map(cameras);
  }

  /** What `robot` (such as "robot_0") saw. Arrays are copied. */
  observation(
    robot: string,
    stamp_ns: Stamp_ns,
    observation: {
      readonly sequence: number;
      readonly reset: boolean;
      readonly arrays: readonly RecordedArray[];
    },
  ): void {
    const vectors: Record<string, (number | null)[]> = {};
    for (const array of observation.arrays) {
      const camera = this.#cameras.get(array.name);
      const fits = camera && camera.layers.length * camera.width * camera.height;
      if (camera && fits === array.values.length) this.#images(robot, stamp_ns, array, camera);
      else vectors[array.name] = finiteOrNull(array.values);
    }
    const { sequence, reset } = observation;
    const timestamp = timeOf(stamp_ns);
    const message: ObservationMessage = { timestamp, sequence, reset, arrays: vectors };
    this.#write(observationChannel(robot), stamp_ns, message);
  }

  /** What `robot` was told, in the manifest's output units, in answer to observation `sequence`. */
  action(robot: string, stamp_ns: Stamp_ns, sequence: number, values: Float32Array): void {
    const action = finiteOrNull(values);
    const message: ActionMessage = {
      timestamp: timeOf(stamp_ns),
      observation: sequence,
      action,
      si: this.#inSi(action),
    };
    this.#write(actionChannel(robot), stamp_ns, message);
  }

  episode(robot: string, stamp_ns: Stamp_ns, end: Omit<EpisodeMessage, "timestamp">): void {
    this.#write(episodeChannel(robot), stamp_ns, { timestamp: timeOf(stamp_ns), ...end });
  }

  /** Where bodies are. Names become frames under "world". */
  poses(stamp_ns: Stamp_ns, bodies: readonly RecordedBody[]): void {
    const timestamp = timeOf(stamp_ns);
    const transforms = bodies.map(({ name, position: [tx, ty, tz], rotation: [x, y, z, w] }) => ({
      timestamp,
      parent_frame_id: "world",
      child_frame_id: name,
      translation: { x: tx, y: ty, z: tz },
      rotation: { x, y, z, w },
    }));
    this.#write(posesChannel, stamp_ns, { transforms });
  }

  /** What bodies look like; once is enough, they move with their frames. */
  bodies(stamp_ns: Stamp_ns, drawn: readonly DrawnBody[]): void {
    const entities = drawn.map((body) => entityOf(body, stamp_ns));
    this.#write(bodiesChannel, stamp_ns, { deletions: [], entities });
  }

  log(stamp_ns: Stamp_ns, level: keyof typeof logLevels, text: string): void {
    const message = {
      timestamp: timeOf(stamp_ns),
      level: logLevels[level],
      message: text,
      name: "understudy",
      file: "",
      line: 0,
    };
    this.#write(logChannel, stamp_ns, message);
  }

  /** Closes every sink. Of a recording that nothing was written to, nothing is kept. */
  async close(): Promise<void> {
    if (this.#isEmpty) return this.discard();
    for (const sink of this.#sinks) await sink.close();
  }

  /** Closes every sink and keeps nothing. */
  async discard(): Promise<void> {
    for (const sink of this.#sinks) await sink.discard();
  }

  #images(
    robot: string,
    stamp_ns: Stamp_ns,
    { name, values }: RecordedArray,
    { layers, width, height }: CameraSpec,
  ): void {
    const pixels = width * height;
    for (const [l, layer] of layers.entries()) {
      const image = values.slice(l * pixels, (l + 1) * pixels);
      this.#write(imageChannel(robot, name, layer), stamp_ns, {
        timestamp: timeOf(stamp_ns),
        frame_id: robot,
        width,
        height,
        encoding: "32FC1",
        step: 4 * width,
        data: new Uint8Array(image.buffer),
      });
    }
  }

  #inSi(action: readonly (number | null)[]): Record<string, number | null> {
    const scales = this.#manifest.output.columns.flatMap(({ name, width, unit, scale }) =>
      Array.from({ length: width }, (_, i) => {
        const suffix = width > 1 ? `_${i}` : "";
        return [`${name}${suffix} (${unit})`, scale] as const;
      }),
    );
    const si = scales.map(([name, scale], i) => {
      const value = action[i] ?? null;
      return [name, value === null ? null : value * scale] as const;
    });
    return Object.fromEntries(si);
  }

  #write(channel: Parameters<Sink["write"]>[0], stamp_ns: Stamp_ns, message: object): void {
    this.#isEmpty = false;
    for (const sink of this.#sinks) sink.write(channel, stamp_ns, message);
  }
}

/** JSON has no NaN. A float32 written as JSON and read again is the same number. */
function finiteOrNull(values: Float32Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

function entityOf({ name, parts }: DrawnBody, stamp_ns: Stamp_ns): object {
  const solids = (kind: DrawnPart["kind"]) => parts.filter((part) => part.kind === kind);
  return {
    timestamp: timeOf(stamp_ns),
    frame_id: name,
    id: name,
    lifetime: { sec: 0, nsec: 0 },
    frame_locked: true,
    metadata: [],
    arrows: [],
    cubes: solids("box").map(solid),
    spheres: [],
    cylinders: solids("cylinder").map((part) => ({
      ...solid(part),
      bottom_scale: 1,
      top_scale: 1,
    })),
    lines: [],
    triangles: solids("prism").map(triangles),
    texts: [],
    models: [],
  };
}

function solid({ size_m: [x, y, z], centre_m, rgb }: DrawnPart): object {
  return { pose: poseAt(centre_m), size: { x, y, z }, color: colour(rgb) };
}

/** An upright prism over an equilateral triangle with one vertex on +x: two ends and three sides. */
function triangles({ size_m: [side, , height], centre_m, rgb }: DrawnPart): object {
  const rim = side / Math.sqrt(3);
  const points = [-height / 2, height / 2].flatMap((z) =>
    [0, 1, 2].map((k) => {
      const angle = (2 * Math.PI * k) / 3;
      return { x: rim * Math.cos(angle), y: rim * Math.sin(angle), z };
    }),
  );
  const sides = [0, 1, 2].flatMap((k) => {
    const next = (k + 1) % 3;
    return [k, next, k + 3, next, next + 3, k + 3];
  });
  const indices = [0, 2, 1, 3, 4, 5, ...sides];
  return { pose: poseAt(centre_m), points, color: colour(rgb), colors: [], indices };
}

function poseAt([x, y, z]: DrawnPart["centre_m"]): object {
  return { position: { x, y, z }, orientation: { x: 0, y: 0, z: 0, w: 1 } };
}

function colour([r, g, b]: DrawnPart["rgb"]): object {
  return { r, g, b, a: 1 };
}
