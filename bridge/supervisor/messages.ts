/**
 * Every message of `understudy-supervisor/1`, between the process that owns the actuators and its peers:
 * the one source for both sides and docs/wire-protocol.md. A message is one frame, a MessagePack map.
 */

import { z } from "zod";
import { type Dialect, packHeader, type Refused, readHeader } from "../codec.ts";
import { z85 } from "../security/keys.ts";
import { lanes } from "./machine.ts";

export const supervisorProtocol = "understudy-supervisor/1";

/** Where a supervisor listens unless told otherwise, for commands and for emergency stops. */
export const defaultSupervisorEndpoint = "tcp://127.0.0.1:5611";
export const defaultStopEndpoint = "tcp://127.0.0.1:5612";

const text = z.string().max(2000);
const session = z.string().min(8).max(64).describe("as in the welcome");
const count = z.number().int().min(0);
const finite = z.number();
const milliseconds = z.number().gt(0).max(600_000);
const columns = z.array(z.string().min(1).max(200)).min(1).max(64);
const mode = z.enum(["disarmed", "hold", "armed", "estop"]);
const lane = z.enum(lanes);
const stops = count.describe("emergency stops so far: the number that a reset has to name");

/** Commands and what goes with them, on the first socket. */
export const commandSchemas = {
  hello: z
    .strictObject({
      type: z.literal("hello"),
      protocol: z.string().max(64).describe(`\`${supervisorProtocol}\``),
      nonce: z.string().min(8).max(64).describe("chosen anew for each session"),
      lane: lane.describe("what the peer is"),
      columns: columns.describe(
        "names of the numbers in its commands; on a lane that drives they have to be the robot's",
      ),
      key: z85.exactOptional().describe("with keys: the peer's public key, in Z85"),
      proof: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .exactOptional()
        .describe("with keys: that the peer has the secret half; see lanes"),
    })
    .describe("Asks for a lane, repeated until it is answered. Each lane has one peer at a time."),
  welcome: z
    .strictObject({
      type: z.literal("welcome"),
      nonce: z.string().max(64).describe("of the hello that is answered"),
      session,
      tick_ms: milliseconds.describe("time between two beats"),
      watchdog_ms: milliseconds.describe("motion ends this long after the last command"),
      columns: columns
        .exactOptional()
        .describe("names of the numbers in the robot's commands, where the hello had others"),
    })
    .describe("The lane is the peer's."),
  beat: z
    .strictObject({
      type: z.literal("beat"),
      session,
      beat: count.describe("number of this tick"),
      mode,
      driver: lane.exactOptional().describe("whose command is obeyed"),
      command: z.array(finite).max(64).describe("what the actuators are told, m/s or rad/s"),
      zones: z.array(z.string().max(40)).max(8).describe("what holds the robot back"),
      holds: count.describe("times that motion ended because no command was in force"),
      stops,
    })
    .describe("Sent to every session at each tick."),
  command: z
    .strictObject({
      type: z.literal("command"),
      session,
      sequence: count.describe("increases with each command of the session"),
      beat: count.describe("the newest beat that the sender has heard"),
      ttl_ms: milliseconds.describe("motion ends this long after that beat"),
      values: z.array(finite).min(1).max(64).describe("one for each column, m/s or rad/s"),
    })
    .describe("What the robot should do."),
  sense: z
    .strictObject({
      type: z.literal("sense"),
      session,
      beat: count.describe("the newest beat that the sender has heard"),
      age_ms: z
        .number()
        .min(0)
        .max(600_000)
        .describe("how old this was already; it counts as so much older than that beat"),
      pose: z
        .strictObject({ x_m: finite, y_m: finite, yaw_rad: finite })
        .exactOptional()
        .describe("odometry, for the fence"),
      nearest_m: z.number().min(0).exactOptional().describe("least depth in the robot's way"),
    })
    .describe("What sensors on the robot say."),
  alive: z
    .strictObject({ type: z.literal("alive"), session })
    .describe("Keeps the lane of a peer that has nothing to say."),
  arm: z
    .strictObject({
      type: z.literal("arm"),
      session,
      beat: count.describe("the newest beat heard"),
    })
    .describe("A person says go; from teleop or an operator."),
  disarm: z
    .strictObject({ type: z.literal("disarm"), session })
    .describe("Ends motion; from anybody with a session."),
  refused: z
    .strictObject({
      type: z.literal("refused"),
      about: text.describe("nonce of the hello, or session, or empty"),
      reason: text.describe("see what is refused"),
      message: text.describe("the same as a sentence"),
    })
    .describe("A message was refused and has changed nothing."),
  bye: z
    .strictObject({ type: z.literal("bye"), session })
    .describe("Ends a session, and with it its command; either side may send it."),
};

const request = count.describe("chosen by the sender; the answer repeats it");

/** Emergency stops, on a socket of their own. */
export const stopSchemas = {
  stop: z
    .strictObject({ type: z.literal("stop"), request, why: text.describe("for the log") })
    .describe("Zeros at once. So does anything else that comes to this socket and is no message."),
  reset: z
    .strictObject({ type: z.literal("reset"), request, stop: stops })
    .describe("Ends that emergency stop, if no other came since. The robot has to be armed anew."),
  ask: z.strictObject({ type: z.literal("ask"), request }).describe("Changes nothing."),
  state: z
    .strictObject({ type: z.literal("state"), request: request.exactOptional(), mode, stops })
    .describe("Answers the others."),
};

type Of<S, T extends keyof S> = S[T] extends z.ZodType ? z.output<S[T]> : never;
export type CommandType = keyof typeof commandSchemas;
export type CommandMessageOf<T extends CommandType> = Of<typeof commandSchemas, T>;
/** What a supervisor says at each tick: mode, who drives, command in m/s and rad/s, what holds it back, stops so far. */
export type Beat = CommandMessageOf<"beat">;
export type CommandMessage = { [T in CommandType]: CommandMessageOf<T> }[CommandType];
export type StopMessage = {
  [T in keyof typeof stopSchemas]: Of<typeof stopSchemas, T>;
}[keyof typeof stopSchemas];

type Side = "peer" | "supervisor";

export const commandDialect = {
  protocol: supervisorProtocol,
  schemas: commandSchemas,
  senders: {
    hello: "peer",
    welcome: "supervisor",
    beat: "supervisor",
    command: "peer",
    sense: "peer",
    alive: "peer",
    arm: "peer",
    disarm: "peer",
    refused: "supervisor",
    bye: "both",
  },
} as const satisfies Dialect;

export const stopDialect = {
  protocol: supervisorProtocol,
  schemas: stopSchemas,
  senders: { stop: "peer", reset: "peer", ask: "peer", state: "supervisor" },
} as const satisfies Dialect;

/** A message of either socket as its one frame. */
export function encodeOne(message: CommandMessage | StopMessage): Uint8Array[] {
  return [packHeader(message)];
}

export function decodeCommand(
  frames: readonly Uint8Array[],
  sender: Side,
): { readonly message: CommandMessage } | Refused {
  return decodeOne(frames, commandDialect, sender) as { message: CommandMessage } | Refused;
}

export function decodeStop(
  frames: readonly Uint8Array[],
  sender: Side,
): { readonly message: StopMessage } | Refused {
  return decodeOne(frames, stopDialect, sender) as { message: StopMessage } | Refused;
}

function decodeOne(frames: readonly Uint8Array[], dialect: Dialect, sender: Side) {
  const read = readHeader(frames[0], dialect, sender);
  if ("refusal" in read) return read;
  if (frames.length === 1) return { message: read.header };
  return { refusal: "frame count" as const, detail: `expected 1, got ${frames.length}` };
}
