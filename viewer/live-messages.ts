/** What `understudy view` and its page say to each other over a WebSocket on this machine. Plain JSON. */

import { z } from "zod";

/** Where on the server the socket is. */
export const LIVE_PATH = "/live";

/** A point of a training curve. */
export interface RunPoint {
  readonly environmentSteps: number;
  /** Share of episodes that succeeded, 0 to 1; null where none ended. */
  readonly success: number | null;
  readonly return: number | null;
}

/** A training run as its newest checkpoint tells it. */
export interface RunState {
  /** Checkpoint file below runs/, which names the run. */
  readonly name: string;
  readonly phase: "teacher" | "student";
  readonly scene: string;
  readonly environmentSteps: number;
  readonly totalSteps: number;
  /** Between the last two checkpoints; null until there are two. */
  readonly stepsPerSecond: number | null;
  readonly left_s: number | null;
  readonly points: readonly RunPoint[];
}

/** What a robot sees and is told, as the policy server of this process knows it. */
export interface RobotState {
  readonly policy: string;
  readonly endpoint: string;
  readonly robots: number;
  readonly observations: number;
  /** The newest observation of one robot: images as bytes, base64, 255 for 4 per metre and nearer. */
  readonly image:
    | {
        readonly shape: readonly number[];
        readonly layers: readonly string[];
        readonly bytes: string;
      }
    | undefined;
  /** The newest action, in the manifest's units, and the names of its columns. */
  readonly action: Readonly<Record<string, number>>;
  readonly latencyP50_ms: number | null;
  readonly latencyP99_ms: number | null;
  /** Seconds since the last observation; null before the first. */
  readonly silent_s: number | null;
  /** While engaged, every robot is told to stand still. */
  readonly stopped: boolean;
}

export type FromServer =
  | { readonly type: "run"; readonly run: RunState }
  /** The newest policy of a run, as a bundle. */
  | {
      readonly type: "policy";
      readonly run: string;
      readonly manifest: string;
      /** base64 */
      readonly onnx: string;
    }
  | { readonly type: "robot"; readonly robot: RobotState }
  | {
      readonly type: "stored";
      readonly file: string;
      readonly count: number;
      /** Planners that were sent the correction. */
      readonly planners: number;
    }
  | { readonly type: "refused"; readonly message: string };

/** What was said to the robot, and when: a label for the planner. */
export const correctionSchema = z.strictObject({
  type: z.literal("correction"),
  text: z.string().trim().min(1).max(500),
  at: z.strictObject({
    scene: z.string().max(100),
    driver: z.string().max(200),
    seed: z.int().min(0),
    start: z.int().min(0),
    /** Control steps since the episode began. */
    step: z.int().min(0),
    stage: z.string().max(100),
  }),
});
export type Correction = z.output<typeof correctionSchema>;

export const fromPageSchema = z.discriminatedUnion("type", [
  correctionSchema,
  z.strictObject({
    type: z.literal("stop"),
    engaged: z.boolean().describe("robots stand still until this is taken back"),
  }),
  z.strictObject({
    type: z.literal("follow"),
    run: z.string().max(500).describe("its newest policy is wanted, now and when there is a newer"),
  }),
  z.strictObject({ type: z.literal("planner") }).describe("this peer wants to hear corrections"),
]);
export type FromPage = z.output<typeof fromPageSchema>;
