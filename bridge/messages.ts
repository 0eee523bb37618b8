/**
 * Every message of the wire `understudy/1`: the one source for codec.ts, both peers and
 * docs/wire-protocol.md. A message is frame 0 (a MessagePack map, checked by these schemas) and,
 * for arrays, one frame each of raw little-endian float32, rows outermost.
 */

import { z } from "zod";
import { maxChunkSteps } from "../policies/manifest.ts";

export const protocol = "understudy/1";

/** Most robots that one session may stand for, and most arrays in one observation. */
export const maxRobots = 4096;
const maxArrays = 64;

const text = z.string().max(2000);
const session = z.string().min(8).max(64).describe("as in the welcome");
const sequence = z.number().int().min(0);
const stamp = z.number().min(0);
const robotIndex = z
  .number()
  .int()
  .min(0)
  .max(maxRobots - 1);
const robots = z.array(robotIndex).min(1).max(maxRobots);
const milliseconds = z.number().gt(0).max(600_000);

const hello = z
  .strictObject({
    type: z.literal("hello"),
    protocol: z.string().max(64).describe("`understudy/1`"),
    nonce: z.string().min(8).max(64).describe("chosen anew for each session"),
    manifestHash: z.string().max(64).describe("SHA-256 of inputs, output and control step"),
    interface: text.describe(
      "the same in words, then what must agree line by line as far as there is room, for error messages",
    ),
    robots: z.number().int().min(1).max(maxRobots).describe("how many robots share this session"),
  })
  .describe("First message of a robot, repeated until it is answered.");

const welcome = z
  .strictObject({
    type: z.literal("welcome"),
    nonce: z.string().max(64).describe("of the hello that is answered"),
    session,
    policy: text.describe("name in the manifest"),
    manifestHash: z.string().max(64),
    ttl_ms: milliseconds.describe("how long after its observation an action may be in force"),
  })
  .describe("The peers agree. Observations may follow.");

const observation = z
  .strictObject({
    type: z.literal("observation"),
    session,
    sequence: sequence.describe("increases by one with each observation of the session"),
    stamp_ns: stamp.describe("robot clock when the observation was taken"),
    robots: robots.describe("which robots the rows belong to, without repetition"),
    resets: z.array(robotIndex).max(maxRobots).describe("robots whose memory starts anew"),
    arrays: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(200),
          shape: z.array(z.number().int().min(1).max(1_000_000)).min(1).max(6),
        }),
      )
      .min(1)
      .max(maxArrays)
      .describe("name and shape of one row, in the order of the frames that follow"),
  })
  .describe("What robots see. One frame follows for each array: [rows, ...shape].");

const action = z
  .strictObject({
    type: z.literal("action"),
    session,
    sequence: sequence.describe("increases with each action of the session"),
    observation: sequence.describe("sequence of the observation that this answers"),
    ttl_ms: milliseconds.describe(
      "in force no longer than this after the observation was taken; in a chunk, after its own step",
    ),
    robots: robots.describe("which robots the rows are for, without repetition"),
    size: z.number().int().min(1).max(1_000_000).describe("numbers in an action"),
    steps: z
      .number()
      .int()
      .min(1)
      .max(maxChunkSteps)
      .exactOptional()
      .describe("actions in a chunk, one for each control step from the observation's on; else 1"),
  })
  .describe(
    "What robots should do, in the manifest's output units. One frame: [rows, steps, size].",
  );

const episode = z
  .strictObject({
    type: z.literal("episode"),
    session,
    robot: robotIndex.describe("whose episode"),
    outcome: z.string().min(1).max(100).describe("how it ended; `success` if it succeeded"),
    return: z.number().exactOptional().describe("sum of its rewards, where the robot knows them"),
  })
  .describe(
    "An episode of a robot has ended, with its last observation. It is for who records the session: the policy forgets by `resets`.",
  );

const ping = z
  .strictObject({
    type: z.literal("ping"),
    session,
    sent_ns: stamp.describe("robot clock"),
  })
  .describe(
    "Sent by the robot every 100 ms: the heartbeat of a session, and its clock comparison.",
  );

const pong = z
  .strictObject({
    type: z.literal("pong"),
    session,
    sent_ns: stamp.describe("of the ping"),
    received_ns: stamp.describe("policy clock when the ping came"),
    answered_ns: stamp.describe("policy clock when the pong left"),
  })
  .describe("Answers a ping.");

const status = z
  .strictObject({
    type: z.literal("status"),
    session,
    observations: sequence.describe("rows received in this session"),
    actions: sequence.describe("rows answered"),
    superseded: sequence.describe("rows not answered because a newer one had come"),
    refused: sequence.describe("messages not accepted"),
    latencyP50_ms: z.number().min(0).describe("observation received to action sent"),
    latencyP99_ms: z.number().min(0),
  })
  .describe("Sent by the policy once a second.");

const inspect = z
  .strictObject({ type: z.literal("inspect"), nonce: z.string().min(8).max(64) })
  .describe("Asks how the policy does, without a session: `understudy doctor`.");

const inspection = z
  .strictObject({
    type: z.literal("inspection"),
    nonce: z.string().max(64).describe("of the question"),
    protocol: z.string().max(64),
    policy: text.describe("name in the manifest"),
    manifestHash: z.string().max(64),
    controlStep_ms: milliseconds,
    ttl_ms: milliseconds,
    received_ns: stamp.describe("policy clock when the question came"),
    answered_ns: stamp.describe("policy clock when the answer left"),
    sessions: z
      .array(
        z.strictObject({
          robots: sequence,
          rate_hz: z.number().min(0),
          superseded: sequence,
          refused: sequence,
        }),
      )
      .max(64)
      .describe("the first 64; `rate_hz` is of the observations in the last second"),
    latencyP99_ms: z.number().min(0).describe("observation received to action sent"),
    refused: z.record(z.string().max(100), sequence).describe("messages, by reason"),
  })
  .describe("Answers that.");

export const errorCodes = [
  "protocol",
  "manifest",
  "session",
  "message",
  "observation",
  "policy",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

const error = z
  .strictObject({
    type: z.literal("error"),
    code: z.enum(errorCodes).describe("see the table of codes"),
    message: text.describe("one sentence: expected, found, what to do"),
    about: text.describe("nonce of the hello, or session, or empty"),
    observation: sequence.exactOptional().describe("sequence of the observation refused"),
  })
  .describe("The policy refused a message. No action follows from it.");

const bye = z
  .strictObject({ type: z.literal("bye"), session })
  .describe("Ends a session at once; either side may send it.");

/** All messages by type, in the order of the documentation. */
export const messageSchemas = {
  hello,
  welcome,
  observation,
  action,
  episode,
  ping,
  pong,
  status,
  inspect,
  inspection,
  error,
  bye,
};

export type MessageType = keyof typeof messageSchemas;
export type MessageOf<T extends MessageType> = z.output<(typeof messageSchemas)[T]>;
export type Message = { [T in MessageType]: MessageOf<T> }[MessageType];

/** What a policy says of a session once a second. */
export type SessionStatus = MessageOf<"status">;

/** Who may send what. */
export const senders: Readonly<Record<MessageType, "robot" | "policy" | "both">> = {
  hello: "robot",
  welcome: "policy",
  observation: "robot",
  action: "policy",
  episode: "robot",
  ping: "robot",
  pong: "policy",
  status: "policy",
  inspect: "robot",
  inspection: "policy",
  error: "policy",
  bye: "both",
};

export const errorMeanings: Readonly<Record<ErrorCode, string>> = {
  protocol: "The hello names another version of the protocol. The session does not begin.",
  manifest: "The robot's inputs, output or control step are not the policy's. Same.",
  session: "The session is unknown, such as after a restart. Send a hello with a new nonce.",
  message: "The message could not be decoded.",
  observation:
    "The arrays do not fit the manifest, or hold a number that is not finite or outside its limits.",
  policy: "The policy failed on this observation.",
};

/** Bytes of each frame that must follow a header. */
export function blobBytes(message: Message): readonly number[] {
  if (message.type === "action") {
    return [4 * message.size * (message.steps ?? 1) * message.robots.length];
  }
  if (message.type !== "observation") return [];
  const rows = message.robots.length;
  return message.arrays.map(({ shape }) => shape.reduce((a, b) => a * b, 4 * rows));
}
