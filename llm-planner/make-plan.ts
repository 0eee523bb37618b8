/** From words to a plan that holds: ask, verify, hand back the reasons, ask again, or refuse. */

import type { z } from "zod";
import { ConfigError, FileError, WireError } from "../core/errors.ts";
import { episodeStream, startStream } from "../sim/episode-streams.ts";
import { colourNames } from "../sim/eyes.ts";
import type { Ground } from "../sim/ground.ts";
import { type AssembledScene, drawEpisode, type PlanarPose } from "../sim/scene.ts";
import type { Shape } from "../sim/shape.ts";
import { badNames, PlanRefusedError, quote } from "./check.ts";
import { printable } from "./language/tokens.ts";
import { type Plan, type PlanAnswer, planAnswerSchema } from "./plan.ts";
import type { Planner, Refusal } from "./planner.ts";
import type { StageRehearsal } from "./rehearsal/rehearse.ts";
import { verifyPlan } from "./verify.ts";
import type { ObjectView, WorldView } from "./world-view.ts";

/** What `makePlan` is asked. */
export interface PlanningOptions {
  /** Stays the caller's: close it when done. */
  readonly planner: Planner;
  /** The scene that the plan is for. */
  readonly base: AssembledScene;
  /** Name of the scene, which the plan keeps; the one of `base` unless given. */
  readonly scene?: string;
  /** In words, 1000 characters at most. */
  readonly instruction: string;
  /** What stands where; unless given, `worldOf` the start that `executeInSimulation` has with the same seed. */
  readonly world?: WorldView;
  /** Decides the start and the rehearsal. */
  readonly seed: number;
  /** Answers that may be refused before the planner is given up; 3 unless given. */
  readonly tries?: number;
  /** Answers that were carried out and failed, oldest first; the planner is told of them as of those that are refused. */
  readonly failed?: readonly Refusal[];
  /** False leaves out the rehearsal in simulation, for callers that do it themselves; true unless given. */
  readonly rehearse?: boolean;
  /** Gives up: waiting for the planner's answer, or verifying it. */
  readonly signal?: AbortSignal;
}

/** A plan that holds, and how it came about. */
export interface MadePlan {
  readonly plan: Plan;
  /** How each stage went in simulation, in the order of execution; empty where that was left out. */
  readonly rehearsal: readonly StageRehearsal[];
  /** What was refused on the way, oldest first, `failed` included. */
  readonly refusals: readonly Refusal[];
  /** Read and written by the planner in all tries; 0 where it counts none. */
  readonly tokens: { readonly input: number; readonly output: number };
}

/** Longest instruction that is passed on. */
const MAX_INSTRUCTION = 1000;

/**
 * Makes a plan. Nothing is executed and nothing is trained on before it passed.
 *
 * @throws PlanRefusedError where no answer passed, with the reasons of the last one
 * @throws WireError where the planner gave no answer in time, the signal's reason where a verification was interrupted
 * @throws FileError where it keeps its answers and cannot, ConfigError for no tries
 */
export async function makePlan(options: PlanningOptions): Promise<MadePlan> {
  const { planner, base, scene = base.name, seed, tries = 3 } = options;
  if (!Number.isInteger(tries) || tries < 1) {
    throw new ConfigError(`Expected "tries" to be a whole number of at least 1, got ${tries}.`);
  }
  const instruction = readableInstruction(options.instruction);
  // names are sent to planners: what is wrong with them must be known before
  const names = badNames(base.cast);
  if (names.length > 0) throw new PlanRefusedError(names);
  const world = options.world ?? worldOf(scene, base, seed);
  const signal = options.signal ?? new AbortController().signal;
  const refusals: Refusal[] = [...(options.failed ?? [])];
  const tokens = { input: 0, output: 0 };
  for (let attempt = 0; attempt < tries; attempt++) {
    const proposal = await planner.propose({ instruction, world, refusals }, signal);
    tokens.input += proposal.tokens?.input ?? 0;
    tokens.output += proposal.tokens?.output ?? 0;
    const read = readAnswer(proposal.answer);
    if (!read.stages) {
      refusals.push({ answer: proposal.answer, reasons: read.reasons });
      continue;
    }
    const verdict = await verifyPlan(
      base,
      { stages: read.stages },
      { seed, rehearse: options.rehearse ?? true, signal },
    );
    if (verdict.reasons.length === 0) {
      const plan: Plan = { format: 1, scene, instruction, stages: read.stages };
      return { plan, rehearsal: verdict.rehearsal, refusals, tokens };
    }
    refusals.push({ answer: proposal.answer, reasons: verdict.reasons });
  }
  throw new PlanRefusedError(refusals[refusals.length - 1].reasons);
}

/** Why there is no plan, where that ends nothing else; an error of any other kind is thrown on. */
export function reasonsOf(error: unknown): { readonly reasons: readonly string[] } {
  if (error instanceof PlanRefusedError) return { reasons: error.reasons };
  // nobody to ask, or an answer that could not be kept
  if (error instanceof WireError || error instanceof FileError) return { reasons: [error.message] };
  throw error;
}

function readableInstruction(text: string): string {
  const plain = text.replace(/\s+/g, " ").trim();
  if (plain.length === 0) throw new PlanRefusedError(["There are no words to plan for."]);
  if (plain.length <= MAX_INSTRUCTION) return plain;
  throw new PlanRefusedError([
    `The instruction has ${plain.length} characters; at most ${MAX_INSTRUCTION} are read. Say it shorter.`,
  ]);
}

interface ReadAnswer {
  readonly stages: PlanAnswer["stages"] | undefined;
  readonly reasons: readonly string[];
}

/** JSON, alone or in a fence, that fits the schema; or why it does not. */
export function readAnswer(answer: string): ReadAnswer {
  let input: unknown;
  try {
    input = JSON.parse(unfenced(answer.trim()));
  } catch {
    return {
      stages: undefined,
      reasons: [`The answer is not JSON. It begins with ${quote(answer.slice(0, 40))}.`],
    };
  }
  const result = planAnswerSchema.safeParse(input);
  if (result.success) return { stages: result.data.stages, reasons: [] };
  return { stages: undefined, reasons: schemaReasons(result.error) };
}

/** What stands between the lines of a fence, where there is one. */
function unfenced(text: string): string {
  if (!text.startsWith(FENCE)) return text;
  return text.slice(text.indexOf("\n") + 1, text.lastIndexOf(FENCE));
}

const FENCE = "```";

function schemaReasons(error: z.ZodError): string[] {
  return error.issues
    .slice(0, 10)
    .map(({ path, message }) =>
      printable(`The answer does not fit: ${path.join(".") || "all"}: ${message}.`),
    );
}

/**
 * What stands where at the scene's first start of evaluations with this seed: the one that `executeInSimulation` begins at. Bodies that
 * sit the episode out are left out.
 * @param scene name that the view bears
 */
export function worldOf(scene: string, base: AssembledScene, seed: number): WorldView {
  const rng = startStream(episodeStream(seed, "evaluation", 0, 0));
  const { poses } = drawEpisode(base, rng, { progress: 0, close: false });
  return viewOf(scene, base, poses);
}

/** What stands where now, in the environment that `ground` looks at; for a planner that is asked anew. */
export function viewNow(scene: string, base: AssembledScene, ground: Ground): WorldView {
  const poses = ground.bodies.map((_, row) => ground.pose(row));
  return viewOf(scene, base, poses);
}

/**
 * What a planner is told of things that stand at given poses; those beyond the walls are left out.
 * @param scene name that the view bears
 * @param poses in the world frame, one for each row of the world: the robot's first, then those of the scene's bodies
 */
export function viewOf(
  scene: string,
  { cast }: AssembledScene,
  poses: readonly PlanarPose[],
): WorldView {
  const inside_m = cast.arenaSide_m / 2;
  const objects = cast.bodies.flatMap(({ name, shape, motion }, i): ObjectView[] => {
    const { x_m, y_m, yaw_rad } = poses[i + 1];
    if (Math.max(Math.abs(x_m), Math.abs(y_m)) > inside_m) return [];
    const colour = colourNames[i % colourNames.length];
    const view = {
      name,
      shape: shapeName(shape),
      colour,
      size_m: size_m(shape),
      x_m,
      y_m,
      yaw_rad,
    };
    return [motion === "fixed" ? { ...view, fixed: true } : view];
  });
  const { x_m, y_m, yaw_rad } = poses[0];
  return { scene, arenaSide_m: cast.arenaSide_m, robot: { x_m, y_m, yaw_rad }, objects };
}

function shapeName(shape: Shape): ObjectView["shape"] {
  if (shape.kind !== "box") return shape.kind;
  const [x, y, z] = shape.size_m;
  return x === y && y === z ? "cube" : "box";
}

function size_m(shape: Shape): number {
  if (shape.kind === "box") return Math.max(shape.size_m[0], shape.size_m[1]);
  return shape.kind === "cylinder" ? shape.diameter_m : shape.side_m;
}
