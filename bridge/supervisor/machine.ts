/**
 * The supervisor as a pure state machine: events and the time in, a new state out, no clock, no socket.
 *
 * DISARMED  commands are refused; arming by an operator or teleop leads to HOLD
 * HOLD      armed, but no valid command is in force: zeros
 * ARMED     the most senior lane with a command in force drives, within limits and zones
 * ESTOP     zeros at once, latched until that very stop is reset, which leads to DISARMED
 *
 * Each lane has a command gate (command-gate.ts) in which the supervisor's ticks stand for observations:
 * a command names the newest tick that its sender has heard of, so its age is known on this clock alone.
 */

import {
  commandAt,
  type Gate,
  type GateLimits,
  observationSent,
  timeLeft_s,
} from "../command-gate.ts";
import type { ColumnLimits, SupervisorConfig } from "./config.ts";
import { approach, atRest, type Motion, quantized, withinSpeeds } from "./limits.ts";
import { nothingSensed, type Sensed, withinZones, type Zone } from "./zones.ts";

/** A robot moves while "armed"; on "hold" no command is in force; "estop" is latched until it is reset. */
export type Mode = "disarmed" | "hold" | "armed" | "estop";

/** Who may open a session. The first that has a command in force drives; an operator only arms, a watcher only hears. */
export const lanes = ["teleop", "policy", "operator", "watcher"] as const;
/** What a peer of a supervisor is: teleop drives before policy, an operator only arms and disarms, a watcher only hears. */
export type Lane = (typeof lanes)[number];
const drivingLanes: readonly Lane[] = ["teleop", "policy"];

/** Whether commands of a lane are ever obeyed. */
export function mayDrive(lane: Lane): boolean {
  return drivingLanes.includes(lane);
}

export interface LaneHolder {
  readonly gate: Gate;
  readonly heard_s: number;
}

export interface Supervisor {
  readonly mode: Mode;
  /** Ticks so far; each is a beat that commands refer to. */
  readonly tick: number;
  /** When the next tick is due. */
  readonly due_s: number;
  readonly lanes: Readonly<Partial<Record<Lane, LaneHolder>>>;
  /** The lane that drives, while armed. */
  readonly driver: Lane | undefined;
  readonly zones: readonly Zone[];
  readonly motions: readonly Motion[];
  /** Ticks left of a stop on a ramp, and the speeds at its beginning. */
  readonly ramp: { readonly left: number; readonly from: readonly number[] } | undefined;
  /** When motion has to have ended unless a newer command comes. */
  readonly zeroBy_s: number;
  /** What the actuators are to be told now. */
  readonly command: readonly number[];
  readonly sensed: Sensed;
  readonly heldSince_s: number;
  /** Emergency stops so far: the name of the last one, for its reset. */
  readonly stops: number;
  /**
   * Times that motion was ended because no command was in force any more. One that comes while the
   * robot slows down on the ramp picks the motion up again.
   */
  readonly holds: number;
}

/** The limits and step lengths that all events share, worked out once. */
export interface Plant {
  readonly config: SupervisorConfig;
  readonly names: readonly string[];
  readonly columns: readonly ColumnLimits[];
  readonly gate: GateLimits;
  readonly tick_s: number;
  readonly rampTicks: number;
  /** A command stops driving so long before it ends, for the ramp to be over by then. */
  readonly stop_s: number;
}

export function plantOf(config: SupervisorConfig): Plant {
  const names = Object.keys(config.columns);
  const tick_s = config.tick_ms / 1000;
  const rampTicks = Math.max(1, Math.round(config.ramp_ms / config.tick_ms));
  return {
    config,
    names,
    columns: Object.values(config.columns),
    gate: {
      size: names.length,
      // too fast is slowed down, not refused: policies are made for other robots too
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      watchdog_s: config.watchdog_ms / 1000,
    },
    tick_s,
    rampTicks,
    stop_s: (rampTicks + 1) * tick_s,
  };
}

/** At rest and disarmed, the first tick due now. */
export function createSupervisor({ names }: Plant, now_s: number): Supervisor {
  return {
    mode: "disarmed",
    tick: 0,
    due_s: now_s,
    lanes: {},
    driver: undefined,
    zones: [],
    motions: names.map(() => atRest),
    ramp: undefined,
    zeroBy_s: now_s,
    command: names.map(() => 0),
    sensed: nothingSensed,
    heldSince_s: now_s,
    stops: 0,
    holds: 0,
  };
}

/** Zeros at once, whatever the mode, until reset. */
export function emergencyStop(state: Supervisor): Supervisor {
  return { ...atOnceStill(state), mode: "estop", driver: undefined, stops: state.stops + 1 };
}

/**
 * The state at `now_s`. Call it more often than ticks are due: it takes at most one step at a time, and
 * none before it is due, so that limits hold however late or early it is called.
 */
export function advance(state: Supervisor, plant: Plant, now_s: number): Supervisor {
  // a late process must not let an old command live on until its next tick
  const over = now_s >= state.zeroBy_s ? ended(atOnceStill(state), state) : state;
  if (now_s < over.due_s) return over;
  const late_s = now_s - over.due_s;
  const due_s = over.due_s + plant.tick_s * (1 + Math.floor(late_s / plant.tick_s));
  const ticked = noteTick({ ...over, tick: over.tick + 1, due_s }, now_s);
  if (ticked.mode === "armed" || ticked.mode === "hold") return drive(ticked, plant, now_s);
  return slowDown(ticked, plant);
}

/** Tells the lanes' gates of a tick, which commands may refer to from now on. */
function noteTick(state: Supervisor, now_s: number): Supervisor {
  const noted = Object.entries(state.lanes).map(
    ([lane, { gate, heard_s }]) =>
      [lane, { gate: observationSent(gate, state.tick, now_s), heard_s }] as const,
  );
  return { ...state, lanes: Object.fromEntries(noted) };
}

/** The command of the most senior lane that has one in force. */
function drive(state: Supervisor, plant: Plant, now_s: number): Supervisor {
  const inForce = (lane: Lane) => {
    const holder = state.lanes[lane];
    return holder !== undefined && timeLeft_s(holder.gate, now_s) > plant.stop_s;
  };
  const driver = drivingLanes.find(inForce);
  const holder = driver && state.lanes[driver];
  if (!driver || !holder) return hold(state, plant, now_s);
  const wanted = withinSpeeds([...commandAt(holder.gate, now_s)], plant.columns);
  const isTeleop = driver === "teleop";
  const { names, config, columns } = plant;
  const { targets, zones } = withinZones(wanted, names, config, state.sensed, now_s, isTeleop);
  const motions = state.motions.map((motion, i) =>
    approach(motion, targets[i], columns[i], plant.tick_s),
  );
  return {
    ...state,
    mode: "armed",
    driver,
    zones,
    motions,
    ramp: undefined,
    zeroBy_s: now_s + timeLeft_s(holder.gate, now_s),
    command: commandOf(motions, columns),
  };
}

/** Armed, but nobody says where to: stop, wait, and in the end disarm. */
function hold(state: Supervisor, plant: Plant, now_s: number): Supervisor {
  const since = state.mode === "hold" ? {} : { heldSince_s: now_s };
  const held: Supervisor = { ...state, ...since, mode: "hold", driver: undefined, zones: [] };
  const isForgotten = now_s - held.heldSince_s >= plant.config.disarmAfter_s;
  return slowDown(isForgotten ? { ...held, mode: "disarmed" } : held, plant);
}

/** Counts the end of a motion that nobody has asked for: the watchdog's. */
function ended(now: Supervisor, before: Supervisor): Supervisor {
  const wasMoving = before.motions.some(({ speed }) => speed !== 0);
  const isMoving = now.motions.some(({ speed }) => speed !== 0);
  const wasCommanded = before.mode === "armed" || before.mode === "hold";
  return wasMoving && !isMoving && wasCommanded ? { ...now, holds: now.holds + 1 } : now;
}

/** One tick of the ramp to zero: a straight line, quicker than the limits if need be. */
function slowDown(state: Supervisor, plant: Plant): Supervisor {
  if (state.motions.every(({ speed }) => speed === 0)) return atOnceStill(state);
  const from = state.ramp?.from ?? state.motions.map(({ speed }) => speed);
  const left = (state.ramp?.left ?? plant.rampTicks) - 1;
  const motions = from.map((speed) => ({
    speed: left === 0 ? 0 : (speed * left) / plant.rampTicks,
    acceleration: 0,
  }));
  const command = commandOf(motions, plant.columns);
  return ended({ ...state, motions, ramp: { left, from }, command }, state);
}

function atOnceStill(state: Supervisor): Supervisor {
  if (state.ramp === undefined && state.command.every((value) => value === 0)) {
    if (state.motions.every((motion) => motion === atRest)) return state;
  }
  const motions = state.motions.map(() => atRest);
  return { ...state, motions, ramp: undefined, command: motions.map(() => 0) };
}

function commandOf(motions: readonly Motion[], columns: readonly ColumnLimits[]): number[] {
  return motions.map(({ speed }, i) => quantized(speed, columns[i]));
}
