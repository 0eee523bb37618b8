/** One episode out of a replay file, as frames. */

import { decodeReplay, type Replay, sceneOf } from "../sim/replay.ts";
import type { AssembledScene } from "../sim/scene.ts";
import { Still } from "./still.ts";
import { POSE, Tape } from "./tape.ts";

export class ReplayedEpisode {
  readonly replay: Replay;
  readonly scene: AssembledScene;
  readonly still: Still;
  readonly tape: Tape;

  private constructor(replay: Replay, scene: AssembledScene, still: Still) {
    this.replay = replay;
    this.scene = scene;
    this.still = still;
    this.tape = new Tape(replay.controlStep_s);
    const size = replay.bodies.length * POSE;
    const columns = replay.actions.length / replay.steps;
    for (let t = 0; t <= replay.steps; t++) {
      const poses = replay.poses.slice(t * size, (t + 1) * size);
      const at = (t - 1) * columns;
      this.tape.frames.push({
        poses,
        action: t === 0 ? undefined : [replay.actions[at], replay.actions[at + 1]],
        reward: undefined,
        // a replay does not say its stage
        stage: 0,
        target: still.target(poses, 0),
      });
    }
  }

  /** @throws FileError or ConfigError that names `source` for a file that is no replay. */
  static async open(text: string, source: string): Promise<ReplayedEpisode> {
    const replay = decodeReplay(text, source);
    const scene = sceneOf(replay);
    return new ReplayedEpisode(replay, scene, await Still.open(scene));
  }

  /** What the student was given is not part of a replay. */
  imageOf(_frame: number): Float32Array | undefined {
    return undefined;
  }

  free(): void {
    this.still.free();
  }
}
