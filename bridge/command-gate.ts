/**
 * The gate between the wire and one robot's actuators, as pure functions of the time.
 *
 * It lets an action through only if it belongs to this session, is newer than the last, answers an
 * observation that this robot sent and that is still fresh, and is finite and within the limits.
 * Whatever else happens, the command is zero. Ages are measured on the robot's clock alone: the
 * robot remembers when it sent what, so no peer and no clock offset can make an old action fresh.
 */

export interface GateLimits {
  /** Numbers in an action. */
  readonly size: number;
  readonly low: number;
  readonly high: number;
  /** Zero command this long after the last accepted action, whatever its ttl. */
  readonly watchdog_s: number;
}

/** An action as it came, for one robot. */
export interface OfferedAction {
  readonly session: string;
  readonly sequence: number;
  /** Sequence of the observation that it answers. */
  readonly observation: number;
  readonly ttl_s: number;
  readonly values: Float32Array;
}

export interface Gate {
  readonly session: string;
  /** When the observations not yet too old were sent, by sequence. */
  readonly sent_s: ReadonlyMap<number, number>;
  /** Sequence of the last accepted action. */
  readonly sequence: number;
  /** Sequence of the observation that it answered. */
  readonly observation: number;
  readonly values: Float32Array;
  readonly accepted_s: number;
  /** The command is zero from here on. */
  readonly until_s: number;
}

export const gateRefusals = [
  "other session",
  "old sequence",
  "unknown observation",
  "older observation",
  "stale",
  "wrong size",
  "not finite",
  "outside limits",
] as const;
export type GateRefusal = (typeof gateRefusals)[number];

/** Observations remembered; an answer to an older one is refused. */
const rememberedObservations = 16;
/** Rounding that an action may be outside its limits by; it is clipped. */
const slack = 1e-5;

/** A gate that commands zero until the first action of `session` is accepted. */
export function openGate(session: string, { size }: GateLimits): Gate {
  const never = Number.NEGATIVE_INFINITY;
  return {
    session,
    sent_s: new Map(),
    sequence: -1,
    observation: -1,
    values: new Float32Array(size),
    accepted_s: never,
    until_s: never,
  };
}

/** Notes that observation `sequence` was sent at `now_s`. */
export function observationSent(gate: Gate, sequence: number, now_s: number): Gate {
  const kept = [...gate.sent_s].slice(1 - rememberedObservations);
  return { ...gate, sent_s: new Map([...kept, [sequence, now_s]]) };
}

/** The gate after an action came at `now_s`; refused actions change nothing. */
export function offer(
  gate: Gate,
  limits: GateLimits,
  action: OfferedAction,
  now_s: number,
): { readonly gate: Gate; readonly refusal?: GateRefusal } {
  const sent_s = gate.sent_s.get(action.observation);
  const refusal = refusalOf(gate, limits, action, sent_s, now_s);
  if (refusal || sent_s === undefined) return { gate, refusal: refusal ?? "unknown observation" };
  const values = action.values.map((v) => Math.min(limits.high, Math.max(limits.low, v)));
  const until_s = Math.min(sent_s + action.ttl_s, now_s + limits.watchdog_s);
  const { sequence, observation } = action;
  return { gate: { ...gate, sequence, observation, values, accepted_s: now_s, until_s } };
}

/** What the actuators may be told at `now_s`: the last accepted action while it is in force, else zeros. */
export function commandAt(gate: Gate, now_s: number): Float32Array {
  const inForce = now_s >= gate.accepted_s && now_s < gate.until_s;
  return inForce ? gate.values.slice() : new Float32Array(gate.values.length);
}

function refusalOf(
  gate: Gate,
  limits: GateLimits,
  action: OfferedAction,
  sent_s: number | undefined,
  now_s: number,
): GateRefusal | undefined {
  if (action.session !== gate.session) return "other session";
  if (!(action.sequence > gate.sequence)) return "old sequence";
  if (sent_s === undefined) return "unknown observation";
  if (action.observation < gate.observation) return "older observation";
  const age_s = now_s - sent_s;
  if (!(age_s >= 0 && age_s < action.ttl_s)) return "stale";
  if (action.values.length !== limits.size) return "wrong size";
  if (!action.values.every(Number.isFinite)) return "not finite";
  const outside = (v: number) => v < limits.low - slack || v > limits.high + slack;
  return action.values.some(outside) ? "outside limits" : undefined;
}
