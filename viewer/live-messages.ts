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

/** What the process that owns a robot's actuators says, see docs/deployment.md. */
export interface SupervisorState {
  readonly endpoint: string;
  /** Its newest beat; undefined while there is none. */
  readonly heard:
    | {
        readonly mode: "disarmed" | "hold" | "armed" | "estop";
        /** Whose command is obeyed. */
        readonly driver: string | undefined;
        /** What the actuators are told, m/s or rad/s by column. */
        readonly command: Readonly<Record<string, number>>;
        /** What holds the robot back. */
        readonly zones: readonly string[];
        /** Times that motion ended because no command was in force. */
        readonly holds: number;
        /** Emergency stops so far. */
        readonly stops: number;
      }
    | undefined;
}

/** A stage of a plan, as far as the page shows it. */
export interface PlannedPush {
  /** Name of the object. */
  readonly active: string;
  /** Where it belongs, in the anchor's frame; null: it need only be reached. */
  readonly place: {
    readonly anchor: string;
    readonly x_m: number;
    readonly y_m: number;
    readonly yaw_deg: number | null;
  } | null;
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
  | { readonly type: "supervisor"; readonly supervisor: SupervisorState }
  /** A label was stored, and what the planner makes of the words. */
  | {
      readonly type: "stored";
      readonly file: string;
      readonly count: number;
      /** What is to be done, stage by stage; empty where no plan was found. */
      readonly plan: readonly PlannedPush[];
      /** Why no plan was found. */
      readonly reasons: readonly string[];
      /** Other programs that were sent the label. */
      readonly listeners: number;
    }
  /** For programs that listen as planners: a label as it is stored, a line of the file. */
  | { readonly type: "label"; readonly label: unknown }
  | { readonly type: "refused"; readonly message: string };

const pose = z.strictObject({ x_m: z.number(), y_m: z.number(), yaw_rad: z.number() });

/** What was said to the robot, and in which moment: the server makes a label of it. */
export const saidCorrectionSchema = z.strictObject({
  type: z.literal("correction"),
  text: z.string().trim().min(1).max(500),
  at: z.strictObject({
    scene: z.string().max(100),
    config: z.record(z.string(), z.unknown()).describe("what the scene was assembled from"),
    task: z.string().max(500).describe("what the robot is about, in words"),
    /** Control steps since the episode began. */
    step: z.int().min(0),
    stage: z.string().max(100),
    poses: z.array(pose).min(1).max(64).describe("the robot's, and those of the bodies in order"),
    driver: z.string().max(200),
    seed: z.int().min(0),
    start: z.int().min(0),
  }),
});
export type SaidCorrection = z.output<typeof saidCorrectionSchema>;

export const fromPageSchema = z.discriminatedUnion("type", [
  saidCorrectionSchema,
  z.strictObject({
    type: z.literal("stop"),
    engaged: z
      .boolean()
      .describe(
        "robots stand still until this is taken back: the supervisor's emergency stop, too",
      ),
  }),
  z.strictObject({
    type: z.literal("follow"),
    run: z.string().max(500).describe("its newest policy is wanted, now and when there is a newer"),
  }),
  z.strictObject({ type: z.literal("unfollow") }).describe("no policies are wanted any more"),
  z.strictObject({ type: z.literal("planner") }).describe("this peer wants to hear labels"),
]);
export type FromPage = z.output<typeof fromPageSchema>;
