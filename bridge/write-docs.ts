/** Writes docs/wire-protocol.md from messages.ts: `npx tsx bridge/write-docs.ts`. */

import path from "node:path";
import { z } from "zod";
import { writeFileWhole } from "../core/files.ts";
import { decodeRefusals } from "./codec.ts";
import { gateRefusals } from "./command-gate.ts";
import { errorMeanings, messageSchemas, protocol, senders } from "./messages.ts";
import { defaultEndpoint } from "./sockets.ts";
import { lanes } from "./supervisor/machine.ts";
import {
  commandDialect,
  defaultStopEndpoint,
  defaultSupervisorEndpoint,
  stopDialect,
  supervisorProtocol,
} from "./supervisor/messages.ts";
import { requestRefusals } from "./supervisor/requests.ts";

/** The parts of a JSON schema that the tables use. */
interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** The text of docs/wire-protocol.md. */
export function wireProtocol(): string {
  const messages = Object.entries(messageSchemas).map(([type, schema]) =>
    messageSection(type as keyof typeof messageSchemas, z.toJSONSchema(schema) as JsonSchema),
  );
  const codes = Object.entries(errorMeanings).map(
    ([code, meaning]) => `| \`${code}\` | ${meaning} |`,
  );
  return [introduction(), ...messages, "## Error codes", "", "| code | meaning |", "| --- | --- |"]
    .concat(codes, "", refusals(), "", ...supervisorPart(), supervisorRefusals(), "")
    .join("\n");
}

/** The messages of the two sockets of the supervisor. */
function supervisorPart(): string[] {
  const sections = [commandDialect, stopDialect].flatMap(({ schemas, senders }) =>
    Object.entries(schemas).map(([type, schema]) => {
      const sender = (senders as Readonly<Record<string, string>>)[type];
      return section(type, directions[sender], z.toJSONSchema(schema) as JsonSchema);
    }),
  );
  return [supervisorIntroduction(), ...sections];
}

const directions: Readonly<Record<string, string>> = {
  robot: "Robot to policy.",
  policy: "Policy to robot.",
  peer: "Peer to supervisor.",
  supervisor: "Supervisor to peer.",
  both: "Either way.",
};

function introduction(): string {
  return `# The wire \`${protocol}\`

<!-- Written by bridge/write-docs.ts from bridge/messages.ts. Do not edit. -->

One ZeroMQ connection joins a robot and a policy: the policy binds a ROUTER (\`${defaultEndpoint}\`
unless told otherwise), each robot connects a DEALER. One session may stand for many robots.

**Frames.** A message is a multipart message. Frame 0 is a MessagePack map with string keys, without
extension types, at most 64 KiB long. An observation has one more frame for each array, an action one
more: raw little-endian float32, row-major, one row for each robot in \`robots\`, in that order. Any other
frame count or size is refused. Unknown keys are refused.

**Session.** The robot repeats \`hello\` until it is answered. The policy compares the protocol and the
manifest hash, and answers \`welcome\` or \`error\`; nothing moves before a welcome. The robot pings every
100 ms. A robot that heard nothing for 0.6 s, or an error with code \`session\`, starts over with a new
nonce; a policy that heard nothing for 10 s forgets the session and what it remembers of its robots.

**Newest only.** Both sides read all that waits before they act on any of it. The policy infers the newest
observation of each robot; older ones are not answered. Sends never wait: what finds no peer is dropped.

**Freshness.** An action names the observation that it answers. The robot knows when it sent that one, so
its age is measured on the robot's clock alone. An action is in force from its arrival until \`ttl_ms\` after
that observation (no longer than the welcome's), and no longer than the watchdog (250 ms) after its arrival.
Otherwise the command is zero.

**Chunks.** An action with \`steps\` has so many rows for each robot, one for each control step from the
observation's on. Which is due is the number of control steps that the robot has begun since it sent that
observation. Each is in force until \`ttl_ms\` after its own step, while the policy is heard (an action or a
pong within the watchdog). A chunk that is used up commands zero.

**Who may speak.** With keys the connection is CURVE, and the policy's allow-list (ZAP) decides; without keys
the policy listens for this machine only. A session belongs to the connection that began it: its messages
from another are refused, and so are a nonce that was used before and an observation out of order. A robot
keeps its ZeroMQ routing id when it connects anew.

**Units.** Times in \`_ms\` are milliseconds, stamps in \`_ns\` nanoseconds of the sender's monotonic clock.
Arrays are in the units, frames and scales of the policy's manifest (\`policy.json\`).

**Manifest hash.** SHA-256, in hex, of the JSON text of \`{controlStep_s, inputs, output}\` of the manifest with
all keys sorted, no white space, every \`meaning\` left out, and numbers rounded to 9 digits (from the middle away from zero) and written as
JavaScript does.
`;
}

function messageSection(type: keyof typeof messageSchemas, schema: JsonSchema): string {
  return section(type, directions[senders[type]], schema);
}

function section(type: string, direction: string, schema: JsonSchema): string {
  const lines = [
    `## \`${type}\``,
    "",
    `${direction} ${schema.description ?? ""}`,
    "",
    "| field | type | meaning |",
    "| --- | --- | --- |",
  ];
  const required = new Set(schema.required);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const optional = required.has(name) ? "" : ", may be absent";
    lines.push(`| \`${name}\` | ${typeOf(field)}${optional} | ${field.description ?? ""} |`);
  }
  return `${lines.join("\n")}\n`;
}

function typeOf(field: JsonSchema): string {
  if (field.const !== undefined) return `\`"${field.const}"\``;
  if (field.enum) return field.enum.map((value) => `\`"${value}"\``).join(", ");
  if (field.type === "string") return `text${lengths(field)}`;
  if (field.type === "array" && field.items) {
    return `list of ${typeOf(field.items)}${counts(field)}`;
  }
  if (field.type === "object") {
    const members = Object.entries(field.properties ?? {});
    return `{ ${members.map(([name, member]) => `\`${name}\`: ${typeOf(member)}`).join("; ")} }`;
  }
  return `${field.type}${range(field)}`;
}

function lengths({ minLength = 0, maxLength }: JsonSchema): string {
  return maxLength === undefined ? "" : ` (${minLength} to ${maxLength} characters)`;
}

function counts({ minItems = 0, maxItems }: JsonSchema): string {
  return maxItems === undefined ? "" : ` (${minItems} to ${maxItems})`;
}

function range({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  if (minimum === undefined && exclusiveMinimum === undefined) return "";
  const low = exclusiveMinimum === undefined ? `from ${minimum}` : `above ${exclusiveMinimum}`;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? "" : ` to ${maximum}`;
  return ` ${low}${high}`;
}

function refusals(): string {
  const quoted = (reasons: readonly string[]) => reasons.map((reason) => `"${reason}"`).join(", ");
  return `## What is refused

Neither side throws on bytes that are no message: it counts them, by reason, and goes on. Reasons:
${quoted(decodeRefusals)}. The policy also answers with an \`error\`.

A robot refuses an action, and counts why: ${quoted(gateRefusals)}. A refused action changes nothing: the
last one stays in force only as long as it would have.`;
}

function supervisorIntroduction(): string {
  return `# The wire \`${supervisorProtocol}\`

Between the process that owns a robot's actuators and its peers. The supervisor binds two ROUTERs, one for
commands (\`${defaultSupervisorEndpoint}\` unless told otherwise) and one for emergency stops
(\`${defaultStopEndpoint}\`); peers connect DEALERs. A message is one frame, a MessagePack map as above.

**Lanes.** A peer takes a lane by \`hello\`: ${lanes.map((lane) => `\`${lane}\``).join(", ")}. Each has one holder; one that was silent for
0.5 s may be replaced. Of the lanes with a command in force, the first drives. An operator only arms, a watcher
only hears.
With keys, a lane is for the keys that are allowed on it: the hello names its \`key\`, and \`proof\` is HMAC-SHA256, in hex, of the
text \`understudy-supervisor/1 LANE NONCE\` under the X25519 secret that this key and the supervisor's have in common.

**Beats.** The supervisor says at each tick what it does. A command names the newest beat that its sender has
heard, so its age is measured on the supervisor's clock alone, whoever sent it. Motion has ended \`ttl_ms\`
after that beat, and the watchdog (250 ms) after the command's arrival, unless another follows: the
robot begins to slow down early enough. Commands that name a beat of before it was armed are refused.

**Emergency stops** are latched. Whatever comes to that socket and is no message of it is a stop.
`;
}

function supervisorRefusals(): string {
  const quoted = [
    ...requestRefusals,
    "other connection",
    "replayed hello",
    "other columns",
    "lane not allowed",
  ];
  return `## What a supervisor refuses

Besides what is no message: ${quoted.map((reason) => `"${reason}"`).join(", ")}, and what a robot refuses of an action. All is
counted, answered and logged (the first of a kind, and every thousandth), and changes nothing.`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileWhole(path.join(import.meta.dirname, "..", "docs", "wire-protocol.md"), wireProtocol());
}
