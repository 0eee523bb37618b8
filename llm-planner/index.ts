/** Public face of llm-planner/. In this repository, import from the file itself. */

export { checkPlan, PlanRefusedError } from "./check.ts";
export type { PlannerManifest } from "./embedded/bundle.ts";
export type { Reading, ReadRow } from "./embedded/decoding.ts";
export { EmbeddedPlanner, type Understood, zooPlanner } from "./embedded/planner.ts";
export type { Token } from "./embedded/words.ts";
export {
  applyCorrection,
  type Correction,
  type CorrectionOptions,
  correctionSchema,
  readCorrections,
} from "./execution/corrections.ts";
export { type Driver, PolicyDriver, scriptedDriver } from "./execution/drivers.ts";
export {
  type Estimator,
  HeadEstimator,
  type HeadReport,
  trueState,
} from "./execution/estimators.ts";
export {
  type ExecutionConfig,
  type ExecutionEvent,
  PlanExecution,
  usualExecution,
} from "./execution/execution.ts";
export { Replanner, type ReplanOptions } from "./execution/replanning.ts";
export {
  type ExecutionResult,
  executeInSimulation,
  type Moment,
  type SimulatedExecution,
} from "./execution/simulated.ts";
export { type MonitorConfig, usualMonitor } from "./execution/stage-monitor.ts";
export type { Direction, Goal } from "./grammar/goals.ts";
export type { Status } from "./grammar/instructions.ts";
export {
  compileCondition,
  compileNumber,
  type Expression,
  type Scope,
  type Uses,
} from "./language/compile.ts";
export type { Outline } from "./language/footprint.ts";
export type { Evaluate, Surroundings } from "./language/quantities.ts";
export {
  createSituation,
  pairIndex,
  type Rows,
  rowsOf,
  type Situation,
  thing,
} from "./language/situation.ts";
export { ExpressionError } from "./language/tokens.ts";
export type { Unit } from "./language/units.ts";
export {
  type MadePlan,
  makePlan,
  type PlanningOptions,
  viewNow,
  viewOf,
  worldOf,
} from "./make-plan.ts";
export {
  type Factor,
  type Place,
  type Plan,
  type PlanStage,
  planAnswerJsonSchema,
  planAnswerSchema,
  planSchema,
  readPlan,
  type Staged,
  writePlan,
} from "./plan.ts";
export { type PlannedStage, plannedStages } from "./planned-stage.ts";
export type { Planner, PlanRequest, Proposal, Refusal } from "./planner.ts";
export { type EndpointOptions, EndpointPlanner, type LogEntry } from "./providers/endpoint.ts";
export { recordedPlanner } from "./providers/recorded.ts";
export type { RehearsalOptions, StageRehearsal } from "./rehearsal/rehearse.ts";
export { asScene, planScene, sceneFromPlan } from "./scene.ts";
export { scopeOf } from "./scope.ts";
export type { CompiledStage, Gate } from "./stages.ts";
export { type Verdict, type VerificationOptions, verifyPlan } from "./verify.ts";
export type { ObjectView, WorldView } from "./world-view.ts";
