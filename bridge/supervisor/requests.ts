/** What peers may ask of the supervisor, each a pure change of state or a refusal with its reason. */

import { forget, type GateRefusal, offer, openGate } from "../command-gate.ts";
import type { Lane, LaneHolder, Plant, Supervisor } from "./machine.ts";
import { lanes } from "./machine.ts";
import { type Reading, withReading } from "./zones.ts";

export const requestRefusals = [
  "unknown session",
  "lane taken",
  "not armed",
  "emergency stop",
  "may not drive",
  "may not arm",
  "may not sense",
  "already armed",
  "still moving",
  "old beat",
  "other stop",
] as const;
export type RequestRefusal = (typeof requestRefusals)[number] | GateRefusal;

export interface Outcome {
  readonly state: Supervisor;
  readonly refusal?: RequestRefusal;
}

/** A command as it came. */
export interface OfferedCommand {
  readonly session: string;
  readonly sequence: number;
  /** The newest tick that its sender had heard of. */
  readonly beat: number;
  readonly ttl_s: number;
  /** One for each column, in m/s or rad/s. */
  readonly values: readonly number[];
}

/** A lane whose holder has been silent this long may be taken by another. */
const vacantAfter_s = 0.5;

/** The lane that `session` holds. */
export function laneOf(state: Supervisor, session: string): Lane | undefined {
  return lanes.find((lane) => state.lanes[lane]?.gate.session === session);
}

/** Gives a lane to a new session, unless its holder is alive. */
export function takeLane(
  state: Supervisor,
  plant: Plant,
  lane: Lane,
  session: string,
  now_s: number,
): Outcome {
  const holder = state.lanes[lane];
  if (holder && now_s - holder.heard_s < vacantAfter_s) return { state, refusal: "lane taken" };
  const gate = openGate(session, plant.gate);
  return { state: withLane(state, lane, { gate, heard_s: now_s }) };
}

/** Ends a session: its command is no longer in force. */
export function leaveLane(state: Supervisor, session: string): Outcome {
  const lane = laneOf(state, session);
  if (!lane) return { state, refusal: "unknown session" };
  const { [lane]: _, ...others } = state.lanes;
  return { state: { ...state, lanes: others } };
}

export function offerCommand(
  state: Supervisor,
  plant: Plant,
  command: OfferedCommand,
  now_s: number,
): Outcome {
  const { session, sequence, beat, ttl_s } = command;
  const lane = laneOf(state, session);
  const holder = lane && state.lanes[lane];
  if (!lane || !holder) return { state, refusal: "unknown session" };
  if (lane === "operator" || lane === "watcher") return { state, refusal: "may not drive" };
  // a peer that sends what is refused is still there
  const heard = withLane(state, lane, { ...holder, heard_s: now_s });
  if (state.mode === "estop") return { state: heard, refusal: "emergency stop" };
  if (state.mode === "disarmed") return { state: heard, refusal: "not armed" };
  // field by field: V8 makes a hidden class of its own for each object spread from a rest, which only a full collection frees
  const values = Float32Array.from(command.values);
  const action = { session, sequence, observation: beat, ttl_s, values };
  const { gate, refusal } = offer(holder.gate, plant.gate, action, now_s);
  if (refusal)
    return { state: heard, refusal: refusal === "unknown observation" ? "old beat" : refusal };
  return { state: withLane(state, lane, { gate, heard_s: now_s }) };
}

/** A peer that has nothing to say is there. */
export function hear(state: Supervisor, session: string, now_s: number): Outcome {
  const lane = laneOf(state, session);
  const holder = lane && state.lanes[lane];
  if (!lane || !holder) return { state, refusal: "unknown session" };
  return { state: withLane(state, lane, { ...holder, heard_s: now_s }) };
}

/** What a peer's sensors see. */
export interface OfferedReading extends Reading {
  /** The newest tick that the peer had heard of when it said so. */
  readonly beat: number;
  /** How old it was by then. */
  readonly age_s: number;
}

/** Sensors heard of by `session`, as old as they are by the tick that they name: what was held up on its way is not new. */
export function sense(
  state: Supervisor,
  session: string,
  { beat, age_s, ...reading }: OfferedReading,
  now_s: number,
): Outcome {
  const lane = laneOf(state, session);
  const holder = lane && state.lanes[lane];
  if (!lane || !holder) return { state, refusal: "unknown session" };
  if (lane === "watcher") return { state, refusal: "may not sense" };
  const heard = withLane(state, lane, { ...holder, heard_s: now_s });
  const sent = holder.gate.sent.get(beat);
  if (!sent) return { state: heard, refusal: "old beat" };
  const sensed = withReading(state.sensed, lane, reading, sent.at_s - age_s);
  return { state: { ...heard, sensed } };
}

/** A person says go. `beat` shows that they say it now. */
export function arm(state: Supervisor, session: string, beat: number, now_s: number): Outcome {
  const lane = laneOf(state, session);
  const holder = lane && state.lanes[lane];
  if (!lane || !holder) return { state, refusal: "unknown session" };
  if (lane === "policy" || lane === "watcher") return { state, refusal: "may not arm" };
  if (state.mode === "estop") return { state, refusal: "emergency stop" };
  if (state.mode !== "disarmed") return { state, refusal: "already armed" };
  if (!holder.gate.sent.has(beat)) return { state, refusal: "old beat" };
  if (state.motions.some(({ speed }) => speed !== 0)) return { state, refusal: "still moving" };
  return { state: armed(state, now_s) };
}

/** Armed, with nothing to do yet: commands given before, even those still on their way, count no more. */
export function armed(state: Supervisor, now_s: number): Supervisor {
  const forgotten = Object.entries(state.lanes).map(
    ([lane, holder]) => [lane, { ...holder, gate: forget(holder.gate) }] as const,
  );
  return { ...state, mode: "hold", heldSince_s: now_s, lanes: Object.fromEntries(forgotten) };
}

/** Anybody with a session may end motion; the robot stops on its ramp. */
export function disarm(state: Supervisor, session: string): Outcome {
  const lane = laneOf(state, session);
  if (!lane) return { state, refusal: "unknown session" };
  if (state.mode === "estop") return { state, refusal: "emergency stop" };
  return { state: { ...state, mode: "disarmed", driver: undefined } };
}

/** Ends stop number `stop`, and no later one: an old reset cannot undo a new stop. */
export function reset(state: Supervisor, stop: number): Outcome {
  if (state.mode !== "estop" || stop !== state.stops) return { state, refusal: "other stop" };
  return { state: { ...state, mode: "disarmed" } };
}

function withLane(state: Supervisor, lane: Lane, holder: LaneHolder): Supervisor {
  return { ...state, lanes: { ...state.lanes, [lane]: holder } };
}
