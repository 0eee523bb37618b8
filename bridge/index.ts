/** Public face of bridge/. In this repository, import from the file itself. */

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
export { defaultEndpoint } from "./sockets.ts";
