/** Public face of credit/. In this repository, import from the file itself. */

export {
  type EgoPushReward,
  egoPushReward,
  type PushReading,
  pushReading,
  pushStage,
  temporalDecay,
} from "./ego-push.ts";
export { type GaeInput, gae } from "./gae.ts";
export {
  type RewardTerm,
  type Stage,
  StageMachine,
  type StageOutcome,
  type StageStep,
  termNames,
} from "./stage.ts";
export { standardize } from "./standardize.ts";
