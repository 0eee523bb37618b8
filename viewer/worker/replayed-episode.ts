/**
 * One episode out of a replay file, as frames. A replay holds poses and actions; where running the actions again gives
 * the same poses, stages, rewards and the student's images are known as well.
 */

import { type Replay, sceneOf } from "../../sim/replay.ts";
import type { AssembledScene } from "../../sim/scene.ts";
import { blankFrame, type Frame, POSE, Tape } from "../tape.ts";
import { LiveEpisode } from "./live-episode.ts";
import { Still } from "./still.ts";

/** Poses may differ by this much (m): sines of another engine differ in the last bit. */
const SAME_m = 1e-3;

export class ReplayedEpisode {
  readonly replay: Replay;
  readonly scene: AssembledScene;
  readonly still: Still;
  readonly tape: Tape;
  /** The episode that the actions gave when they were run again, if it was the recorded one. */
  readonly again: LiveEpisode | undefined;

  private constructor(replay: Replay, still: Still, again: LiveEpisode | undefined) {
    this.replay = replay;
    this.scene = again?.scene ?? sceneOf(replay);
    this.still = still;
    this.again = again;
    this.tape = new Tape(replay.controlStep_s);
    this.tape.frames.push(
      ...framesOf(replay).map((frame, t): Frame => {
        const known = again?.tape.frames[t];
        if (known) return { ...known, poses: frame.poses };
        // without a second run nobody knows the stage
        return { ...frame, target: still.target(frame.poses, 0) };
      }),
    );
  }

  /** @throws ConfigError for a scene or a setting that is not there. */
  static async open(replay: Replay): Promise<ReplayedEpisode> {
    const still = await Still.open(sceneOf(replay));
    return new ReplayedEpisode(replay, still, await runAgain(replay));
  }

  get config(): Readonly<Record<string, unknown>> {
    return this.replay.config;
  }

  get terms(): readonly string[] {
    return this.again?.terms ?? [];
  }

  /** What the student was given is not part of a replay, but may have been made again. */
  imageOf(frame: number): Float32Array | undefined {
    return this.again?.imageOf(frame);
  }

  free(): void {
    this.still.free();
    this.again?.free();
  }
}

function framesOf(replay: Replay): Frame[] {
  const size = replay.bodies.length * POSE;
  const columns = replay.actions.length / replay.steps;
  return Array.from({ length: replay.steps + 1 }, (_, t) => {
    const at = (t - 1) * columns;
    return {
      ...blankFrame,
      poses: replay.poses.slice(t * size, (t + 1) * size),
      action: t === 0 ? undefined : [replay.actions[at], replay.actions[at + 1]],
    };
  });
}

async function runAgain(replay: Replay): Promise<LiveEpisode | undefined> {
  const { scene, config, seed, start, actions, steps } = replay;
  if (actions.length !== 2 * steps) return undefined;
  const again = await LiveEpisode.open({ scene, config, seed, start });
  again.replay(actions);
  const { frames } = again.tape;
  const size = replay.bodies.length * POSE;
  const same =
    frames.length === steps + 1 &&
    frames.every(({ poses }, t) =>
      poses.every((value, i) => Math.abs(value - replay.poses[t * size + i]) < SAME_m),
    );
  if (same) return again;
  again.free();
  return undefined;
}
