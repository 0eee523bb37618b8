/** Simulated episodes out of an MCAP recording of `understudy record`: poses from /tf, actions and ends by robot. */

import { McapStreamReader } from "@mcap/core";
import { z } from "zod";
import { FileError } from "../../core/errors.ts";
import type { Replay } from "../../sim/replay.ts";
import { assembleScene } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { POSE } from "../tape.ts";

/** Starts that run together are this far apart in a recording, beside the side of the arena. */
const APART_m = 1;

const vector = z.object({ x: z.number(), y: z.number(), z: z.number() });
const transformsSchema = z.object({
  transforms: z.array(
    z.object({
      child_frame_id: z.string(),
      translation: vector,
      rotation: vector.extend({ w: z.number() }),
    }),
  ),
});
const actionSchema = z.object({ action: z.array(z.number()).min(2) });
const endSchema = z.object({ episode: z.int(), outcome: z.string(), return: z.number() });

/** What is known so far of the episode that a robot is in. */
interface Course {
  bodies: readonly string[];
  readonly poses: number[];
  readonly actions: number[];
}

type Facts = Pick<Replay, "scene" | "config" | "policy" | "seed" | "controlStep_s">;

/** @throws FileError for a file that is no recording, or one without poses. */
export function episodesOf(file: Uint8Array, source: string): Replay[] {
  const { messages, metadata } = contentsOf(file, source);
  const facts = factsOf(metadata, source);
  const side_m = assembleScene(findScene(facts.scene), facts.config, source).cast.arenaSide_m;
  const courses = new Map<string, Course>();
  const courseOf = (robot: string): Course => {
    const course = courses.get(robot) ?? { bodies: [], poses: [], actions: [] };
    courses.set(robot, course);
    return course;
  };
  const episodes: Replay[] = [];
  for (const { topic, data } of messages) {
    const [, robot, kind] = /^\/(robot_\d+)\/(action|episode)$/.exec(topic) ?? [];
    if (topic === "/tf") addPoses(transformsSchema.parse(data), courseOf, side_m + APART_m);
    else if (kind === "action") courseOf(robot).actions.push(...actionSchema.parse(data).action);
    else if (kind === "episode") {
      const { episode, outcome, return: total } = endSchema.parse(data);
      const ended = replayOf(courseOf(robot), { ...facts, start: episode, outcome, return: total });
      if (ended) episodes.push(ended);
      courses.delete(robot);
    }
  }
  for (const course of courses.values()) {
    const rest = replayOf(course, { ...facts, start: 0, outcome: "unfinished", return: 0 });
    if (rest) episodes.push(rest);
  }
  if (episodes.length > 0) return episodes;
  throw new FileError(
    `"${source}" holds no poses, so there is nothing to draw: it is of a real robot. Open it in Foxglove.`,
  );
}

function addPoses(
  { transforms }: z.output<typeof transformsSchema>,
  courseOf: (robot: string) => Course,
  apart_m: number,
): void {
  const [robot] = transforms[0]?.child_frame_id.split("/") ?? [];
  if (robot === undefined) return;
  const course = courseOf(robot);
  const shift_m = Number(/\d+$/.exec(robot)?.[0] ?? 0) * apart_m;
  course.bodies = transforms.map(({ child_frame_id: name }) => name.split("/")[1] ?? "robot");
  for (const { translation, rotation } of transforms) {
    const { x, y, z: height } = translation;
    course.poses.push(x - shift_m, y, height, rotation.x, rotation.y, rotation.z, rotation.w);
  }
}

/** A recording has no poses after the last action, so that action is left out. */
function replayOf(
  { bodies, poses, actions }: Course,
  facts: Facts & Pick<Replay, "start" | "outcome" | "return">,
): Replay | undefined {
  const steps = bodies.length === 0 ? 0 : poses.length / (bodies.length * POSE) - 1;
  if (steps < 1 || actions.length < 2 * steps) return undefined;
  return {
    ...facts,
    bodies: [...bodies],
    steps,
    poses: Float32Array.from(poses),
    actions: Float32Array.from(actions.slice(0, 2 * steps)),
  };
}

/** Where a recording has neither seed nor settings, the usual ones are tried, and the driver says so. */
function factsOf(metadata: Readonly<Record<string, string>>, source: string): Facts {
  const { scene, policy = "", seed, config, manifest = "{}" } = metadata;
  if (scene === undefined) {
    throw new FileError(
      `"${source}" does not name a scene: it was not recorded in simulation. Open it in Foxglove.`,
    );
  }
  const { controlStep_s = 0.1 } = JSON.parse(manifest) as { controlStep_s?: number };
  const isKnown = seed !== undefined && config !== undefined;
  return {
    scene,
    config: JSON.parse(config ?? "{}") as Facts["config"],
    policy: isKnown ? policy : `${policy} (seed and settings were not recorded)`,
    seed: Number(seed ?? 0),
    controlStep_s,
  };
}

interface Contents {
  readonly messages: readonly { readonly topic: string; readonly data: unknown }[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** All JSON messages in the order in which they were written. */
function contentsOf(file: Uint8Array, source: string): Contents {
  const reader = new McapStreamReader();
  const topics = new Map<number, string>();
  const messages: { topic: string; data: unknown }[] = [];
  const metadata: Record<string, string> = {};
  const text = new TextDecoder();
  try {
    reader.append(file);
    for (let record = reader.nextRecord(); record; record = reader.nextRecord()) {
      if (record.type === "Channel") topics.set(record.id, record.topic);
      if (record.type === "Metadata") Object.assign(metadata, Object.fromEntries(record.metadata));
      if (record.type !== "Message") continue;
      const topic = topics.get(record.channelId) ?? "";
      // images are most of a file, and not needed
      if (!/^\/tf$|\/(action|episode)$/.test(topic)) continue;
      messages.push({ topic, data: JSON.parse(text.decode(record.data)) });
    }
  } catch (error) {
    throw new FileError(
      `"${source}" is not a readable MCAP file: ${(error as Error).message}. Record it again.`,
    );
  }
  return { messages, metadata };
}
