/**
 * Messages of LeRobot's LeKiwi (lerobot/robots/lekiwi): commands as JSON, observations in one of two
 * wires that do not understand each other. Until 0.6.0 one JSON frame holds state and base64 JPEGs; from
 * 0.6.1 a JSON frame lists the cameras and one raw JPEG frame follows for each. Turning is in degrees.
 */

import { decodeUtf8 } from "./msgpack.ts";
import { quoted, Refusal } from "./refusal.ts";

/** By the first and the last release that speak it: 0.3 to 0.6.0, and 0.6.1 on. */
export const lekiwiWires = ["0.6.0", "0.6.1"] as const;
export type LeKiwiWire = (typeof lekiwiWires)[number];

export const lekiwiJoints = [
  "arm_shoulder_pan.pos",
  "arm_shoulder_lift.pos",
  "arm_elbow_flex.pos",
  "arm_wrist_flex.pos",
  "arm_wrist_roll.pos",
  "arm_gripper.pos",
] as const;
export type LeKiwiJoint = (typeof lekiwiJoints)[number];

/** What a LeKiwi is told, and what it says of itself. Base frame: x forward, y left. */
export interface LeKiwiState {
  /** In LeRobot's units: degrees or -100 to 100, the gripper 0 to 100. */
  readonly joints: Readonly<Record<LeKiwiJoint, number>>;
  readonly forward_mps: number;
  readonly left_mps: number;
  readonly turn_radps: number;
  /** What a student is told besides, by the names of `numberNames`. LeRobot's own client passes it over. */
  readonly told?: Readonly<Record<string, number>>;
}

export interface LeKiwiObservation {
  readonly wire: LeKiwiWire;
  readonly state: LeKiwiState;
  /** JPEGs by camera name; an image that failed to encode is left out. */
  readonly cameras: ReadonlyMap<string, Uint8Array>;
}

const maxCommandBytes = 16_384;
const maxObservationBytes = 64 * 2 ** 20;
const maxCameras = 16;
const maxToldNumbers = 1024;
const degrees = Math.PI / 180;

export const restingJoints = Object.fromEntries(
  lekiwiJoints.map((joint) => [joint, 0]),
) as unknown as LeKiwiState["joints"];

/** @throws Refusal. The three speeds must be there; joints that are not stay undefined. */
export function decodeCommand(
  frames: readonly Uint8Array[],
): Omit<LeKiwiState, "joints" | "told"> & { readonly joints: Partial<LeKiwiState["joints"]> } {
  if (frames.length !== 1) {
    throw new Refusal("frame count", `Expected one frame, got ${frames.length}.`);
  }
  const map = jsonMap(frames[0], maxCommandBytes);
  const joints: Partial<Record<LeKiwiJoint, number>> = {};
  for (const joint of lekiwiJoints) if (joint in map) joints[joint] = numberIn(map, joint);
  return { joints, ...twistIn(map) };
}

export function encodeCommand(state: LeKiwiState): Uint8Array {
  return Buffer.from(JSON.stringify(stateMap(state)));
}

/** Frames of an observation; cameras are JPEGs as jpeg.ts makes them. */
export function encodeObservation({ wire, state, cameras }: LeKiwiObservation): Uint8Array[] {
  const map = stateMap(state);
  if (wire === "0.6.1") {
    const header = JSON.stringify({ _cams: [...cameras.keys()], ...map });
    return [Buffer.from(header), ...cameras.values()];
  }
  const images = [...cameras].map(([name, jpeg]) => [name, Buffer.from(jpeg).toString("base64")]);
  return [Buffer.from(JSON.stringify({ ...map, ...Object.fromEntries(images) }))];
}

/** An observation in either wire. @throws Refusal. */
export function decodeObservation(frames: readonly Uint8Array[]): LeKiwiObservation {
  if (frames.length === 0) throw new Refusal("frame count", "Expected at least one frame.");
  const map = jsonMap(frames[0], maxObservationBytes);
  const { _cams: names, ...rest } = map;
  const joints = Object.fromEntries(
    lekiwiJoints.map((joint) => [joint, numberIn(map, joint)]),
  ) as unknown as LeKiwiState["joints"];
  const state = { joints, ...twistIn(map), ...toldIn(rest) };
  if (names === undefined && frames.length === 1) {
    return { wire: "0.6.0", state, cameras: base64Images(rest) };
  }
  const sound =
    Array.isArray(names) &&
    names.length === frames.length - 1 &&
    names.length <= maxCameras &&
    names.every((name) => typeof name === "string" && name.length <= 200);
  if (!sound) {
    throw new Refusal("frame count", 'Expected "_cams" to name each of the frames that follow.');
  }
  const cameras = new Map<string, Uint8Array>();
  for (const [i, name] of (names as string[]).entries()) {
    if (frames[i + 1].length > 0) cameras.set(name, frames[i + 1]);
  }
  return { wire: "0.6.1", state, cameras };
}

/** Numbers under names that are not a LeKiwi's own. */
function toldIn(map: Readonly<Record<string, unknown>>): Pick<LeKiwiState, "told"> {
  const own = new Set<string>([...lekiwiJoints, "x.vel", "y.vel", "theta.vel"]);
  const names = Object.keys(map).filter((key) => typeof map[key] === "number" && !own.has(key));
  if (names.length > maxToldNumbers) {
    throw new Refusal("oversize", `Expected at most ${maxToldNumbers} further numbers.`);
  }
  if (names.length === 0) return {};
  return { told: Object.fromEntries(names.map((name) => [name, numberIn(map, name)])) };
}

function base64Images(map: Readonly<Record<string, unknown>>): Map<string, Uint8Array> {
  const cameras = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries(map)) {
    // an image that failed to encode is ""
    if (typeof value !== "string" || value === "") continue;
    if (cameras.size === maxCameras) {
      throw new Refusal("frame count", `Expected at most ${maxCameras} cameras.`);
    }
    cameras.set(name, Buffer.from(value, "base64"));
  }
  return cameras;
}

function stateMap({ joints, forward_mps, left_mps, turn_radps, told }: LeKiwiState) {
  const twist = { "x.vel": forward_mps, "y.vel": left_mps, "theta.vel": turn_radps / degrees };
  return { ...told, ...joints, ...twist };
}

function twistIn(map: Readonly<Record<string, unknown>>): Omit<LeKiwiState, "joints" | "told"> {
  return {
    forward_mps: numberIn(map, "x.vel"),
    left_mps: numberIn(map, "y.vel"),
    turn_radps: numberIn(map, "theta.vel") * degrees,
  };
}

function numberIn(map: Readonly<Record<string, unknown>>, key: string): number {
  const value = map[key];
  if (value === undefined) {
    throw new Refusal("missing input", `Expected ${quoted(key)} in the message.`);
  }
  if (typeof value !== "number") {
    throw new Refusal("not a map", `Expected ${quoted(key)} to be a number.`);
  }
  if (!Number.isFinite(value)) {
    throw new Refusal("not finite", `Expected ${quoted(key)} to be finite.`);
  }
  return value;
}

/** A JSON object in UTF-8. @throws Refusal. */
export function jsonMap(bytes: Uint8Array, maxBytes: number): Record<string, unknown> {
  if (bytes.length > maxBytes) {
    throw new Refusal("oversize", `Expected at most ${maxBytes} bytes, got ${bytes.length}.`);
  }
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // what Python writes for numbers that JSON does not have
    const notFinite = /:\s*-?(NaN|Infinity)\b/.test(text);
    throw new Refusal(notFinite ? "not finite" : "not JSON", "Expected a JSON object.");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Refusal("not a map", "Expected a JSON object, got another value.");
}
