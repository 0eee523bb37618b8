/**
 * The gate between the wire and one robot's actuators, as pure functions of the time.
 *
 * It lets an answer through only if it belongs to this session, is newer than the last, answers an
 * observation that this robot sent and that is still fresh, and is finite and within the limits.
 * Whatever else happens, the command is zero. Ages are measured on the robot's clock alone: the
 * robot remembers when it sent what, so no peer and no clock offset can make an old action fresh.
 *
 * An answer is one action, in force for its ttl, or a chunk: one action for each control step from
 * that of its observation on. Which action of a chunk is due is counted in control steps that the
 * robot has begun, never estimated from latencies (one slow first answer would skip most of a chunk).
 * A chunk that is used up, or whose policy falls silent, commands zero.
 */

export interface GateLimits {
  /** Numbers in an action. */
  readonly size: number;
  readonly low: number;
  readonly high: number;
  /** Zero command this long after the last accepted answer, or sign of life during a chunk. */
  readonly watchdog_s: number;
  /** Time from one action of a chunk to the next. */
  readonly step_s?: number;
}

/** An answer as it came, for one robot. */
export interface OfferedAction {
  readonly session: string;
  readonly sequence: number;
  /** Sequence of the observation that it answers. */
  readonly observation: number;
  /** How long after its observation an action may be in force; in a chunk, after its own step. */
  readonly ttl_s: number;
  /** [steps, size]. */
  readonly values: Float32Array;
  /** Actions in a chunk; 1 unless given. */
  readonly steps?: number;
}

/** When an observation was sent, and in which control step. */
interface Sent {
  readonly at_s: number;
  readonly step: number;
}

export interface Gate {
  readonly session: string;
  readonly watchdog_s: number;
  readonly step_s: number;
  /** The observations not yet too old, by sequence. */
  readonly sent: ReadonlyMap<number, Sent>;
  /** Control steps begun so far. */
  readonly step: number;
  /** Sequence of the last accepted answer. */
  readonly sequence: number;
  /** Sequence of the observation that it answered. */
  readonly observation: number;
  /** The actions of that answer [steps, size]. */
  readonly values: Float32Array;
  readonly steps: number;
  /** Control step that the first of them was meant for. */
  readonly firstStep: number;
  readonly accepted_s: number;
  /** When the policy last showed signs of life. */
  readonly heard_s: number;
  /** When the first of them is too old. */
  readonly expires_s: number;
}

export const gateRefusals = [
  "other session",
  "old sequence",
  "unknown observation",
  "older observation",
  "stale",
  "used up",
  "wrong size",
  "not finite",
  "outside limits",
] as const;
export type GateRefusal = (typeof gateRefusals)[number];

/** Observations remembered; an answer to an older one is refused. */
const rememberedObservations = 16;
/** Rounding that an action may be outside its limits by; it is clipped. */
const slack = 1e-5;

/** A gate that commands zero until the first answer of `session` is accepted. */
export function openGate(session: string, { size, watchdog_s, step_s = 0 }: GateLimits): Gate {
  const never = Number.NEGATIVE_INFINITY;
  return {
    session,
    watchdog_s,
    step_s,
    sent: new Map(),
    step: 0,
    sequence: -1,
    observation: -1,
    values: new Float32Array(size),
    steps: 1,
    firstStep: 0,
    accepted_s: never,
    heard_s: never,
    expires_s: never,
  };
}

/** A control step begins at `now_s`, with observation `sequence` sent. */
export function observationSent(gate: Gate, sequence: number, now_s: number): Gate {
  const kept = [...gate.sent].slice(1 - rememberedObservations);
  const step = gate.step + 1;
  return { ...gate, step, sent: new Map([...kept, [sequence, { at_s: now_s, step }]]) };
}

/** A control step begins without an observation: the next action of a chunk is due. */
export function stepBegun(gate: Gate): Gate {
  return { ...gate, step: gate.step + 1 };
}

/** The policy showed signs of life, so a chunk may go on. A single action does not live longer. */
export function policyHeard(gate: Gate, now_s: number): Gate {
  return { ...gate, heard_s: now_s };
}

/** Zeros until an answer to an observation yet to be sent; sequences that were used stay refused. */
export function forget(gate: Gate): Gate {
  const never = Number.NEGATIVE_INFINITY;
  return { ...gate, sent: new Map(), accepted_s: never, heard_s: never, expires_s: never };
}

/** The gate after an answer came at `now_s`; refused answers change nothing. */
export function offer(
  gate: Gate,
  limits: GateLimits,
  action: OfferedAction,
  now_s: number,
): { readonly gate: Gate; readonly refusal?: GateRefusal } {
  const sent = gate.sent.get(action.observation);
  const refusal = refusalOf(gate, limits, action, sent, now_s);
  if (refusal || sent === undefined) return { gate, refusal: refusal ?? "unknown observation" };
  const values = action.values.map((v) => Math.min(limits.high, Math.max(limits.low, v)));
  const { sequence, observation, steps = 1 } = action;
  const expires_s = sent.at_s + action.ttl_s;
  const accepted = { accepted_s: now_s, heard_s: now_s, expires_s, firstStep: sent.step };
  return { gate: { ...gate, ...accepted, sequence, observation, values, steps } };
}

/** What the actuators may be told at `now_s` [size]: the action that is due and in force, else zeros. */
export function commandAt(gate: Gate, now_s: number): Float32Array {
  const size = gate.values.length / gate.steps;
  // a time that is not a number is no time left
  if (!(timeLeft_s(gate, now_s) > 0)) return new Float32Array(size);
  const due = dueAction(gate);
  return gate.values.slice(due * size, (due + 1) * size);
}

/** How much longer that command may be in force; 0 or less when it is not. */
export function timeLeft_s(gate: Gate, now_s: number): number {
  const due = dueAction(gate);
  if (now_s < gate.accepted_s || due >= gate.steps) return 0;
  const alive_s = gate.steps > 1 ? gate.heard_s : gate.accepted_s;
  return Math.min(gate.expires_s + due * gate.step_s, alive_s + gate.watchdog_s) - now_s;
}

/** Index of the action for this control step; a single action stands for the steps that follow too. */
function dueAction({ step, steps, firstStep }: Gate): number {
  return steps === 1 ? 0 : step - firstStep;
}

function refusalOf(
  gate: Gate,
  limits: GateLimits,
  action: OfferedAction,
  sent: Sent | undefined,
  now_s: number,
): GateRefusal | undefined {
  if (action.session !== gate.session) return "other session";
  if (!(action.sequence > gate.sequence)) return "old sequence";
  if (sent === undefined) return "unknown observation";
  if (action.observation < gate.observation) return "older observation";
  const { steps = 1 } = action;
  const due = steps === 1 ? 0 : gate.step - sent.step;
  if (due >= steps) return "used up";
  const age_s = now_s - sent.at_s - due * gate.step_s;
  if (!(now_s >= sent.at_s && age_s < action.ttl_s)) return "stale";
  if (action.values.length !== limits.size * steps) return "wrong size";
  if (!action.values.every(Number.isFinite)) return "not finite";
  const outside = (v: number) => v < limits.low - slack || v > limits.high + slack;
  return action.values.some(outside) ? "outside limits" : undefined;
}
