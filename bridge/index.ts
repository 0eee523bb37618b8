/** Public face of bridge/. In this repository, import from the file itself. */

export type { SessionStatus } from "./messages.ts";
export {
  type PolicyServer,
  type ServeOptions,
  type ServerReport,
  servePolicy,
} from "./policy-server.ts";
export {
  type ConnectOptions,
  connectRobot,
  type RobotLink,
  type RobotReport,
} from "./robot-client.ts";
export {
  type ConnectorKeys,
  type ListenerKeys,
  makeKeys,
  type PublicKey,
  readAllowed,
  readPublicKey,
  readSecretKeys,
  type SecretKeys,
} from "./security/keys.ts";
export { defaultEndpoint } from "./sockets.ts";
export {
  type Actuators,
  type ProgramEvents,
  programActuators,
  type SensedLine,
} from "./supervisor/actuators.ts";
export {
  type ColumnLimits,
  robotLimits,
  type SupervisorConfig,
  supervisorSchema,
} from "./supervisor/config.ts";
export { type LaneKeys, readLaneKeys } from "./supervisor/lane-keys.ts";
export {
  connectSupervisor,
  type SupervisorLink,
  type SupervisorLinkOptions,
} from "./supervisor/link.ts";
export type { Lane, Mode } from "./supervisor/machine.ts";
export type { Beat } from "./supervisor/messages.ts";
export {
  type SuperviseOptions,
  type SupervisorReport,
  type SupervisorServer,
  supervise,
} from "./supervisor/server.ts";
export { StopLink, type StopState } from "./supervisor/stop-link.ts";
