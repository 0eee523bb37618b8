/** Public face of llm-planner/. In this repository, import from the file itself. */

export { checkPlan, PlanRefusedError } from "./check.ts";
export {
  applyCorrection,
  type Correction,
  correctionSchema,
  readCorrections,
} from "./execution/corrections.ts";
export { type Estimator, HeadEstimator, trueState } from "./execution/estimators.ts";
export { type ExecutionEvent, PlanExecution } from "./execution/execution.ts";
export {
  compileCondition,
  compileNumber,
  type Expression,
  type Scope,
} from "./language/compile.ts";
export { type MadePlan, makePlan, worldOf } from "./make-plan.ts";
export {
  type Plan,
  type PlanStage,
  planAnswerJsonSchema,
  planSchema,
  readPlan,
  writePlan,
} from "./plan.ts";
export type { Planner, PlanRequest, Proposal, Refusal } from "./planner.ts";
export { type EndpointOptions, EndpointPlanner, type LogEntry } from "./providers/endpoint.ts";
export { recordedPlanner } from "./providers/recorded.ts";
export { planScene, sceneFromPlan } from "./scene.ts";
export type { Gate } from "./stages.ts";
export { type Verdict, verifyPlan } from "./verify.ts";
export type { ObjectView, WorldView } from "./world-view.ts";
