/**
 * Two hundred seeded faults against a running deployment: policy, robot and supervisor in a process each, a
 * cable between the first two. One of them is killed, frozen or cut off for a while; measured at the
 * actuators: when motion stopped, when it went on after the peer's return, and how old each command was.
 *
 * `npx tsx bench/bridge-faults.ts [--faults 200] [--seed 1]`
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { monotonic_s } from "../bridge/clock.ts";
import { freePorts } from "../bridge/free-ports.ts";
import { createRng } from "../core/rng.ts";
import { quantile } from "../core/statistics.ts";
import { Cable } from "./faults/cable.ts";
import { ageOf, cruise_mps } from "./faults/roles.ts";
import { writeResults } from "./harness.ts";

const { values } = parseArgs({
  options: {
    faults: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});

/** What the motors' driver does by itself: stop when nothing was written for this long. */
const driverTimeout_s = 0.25;
const stopsWithin_ms = 300;
const recoversWithin_ms = 1000;
/** The ttl: no command may be executed on an observation older than this. */
const oldest_ms = 250;

/** The motors: obey the last command, and note what they do. */
class Motors {
  command: readonly number[] = [0, 0];
  written_s = 0;
  /** Oldest observation that a command at cruising speed rested on, and how many were too old. */
  oldest_ms = 0;
  stale = 0;
  /** Moments at which they turned or stood, every few milliseconds. */
  samples: { readonly at_s: number; readonly isMoving: boolean }[] = [];

  constructor() {
    setInterval(() => this.#sample(), 4);
  }

  write(command: readonly number[]): void {
    const now_s = monotonic_s();
    this.#sample();
    this.command = command;
    this.written_s = now_s;
    this.#sample();
    const [forward, turn] = command;
    // on a ramp the turn rate tells no time
    if (Math.abs(forward - cruise_mps) > 1e-6) return;
    const age_ms = 1000 * ageOf(turn, now_s);
    this.oldest_ms = Math.max(this.oldest_ms, age_ms);
    if (age_ms > oldest_ms) this.stale++;
  }

  get isMoving(): boolean {
    const isObeying = monotonic_s() - this.written_s < driverTimeout_s;
    return isObeying && this.command.some((value) => value !== 0);
  }

  #sample(): void {
    this.samples.push({ at_s: monotonic_s(), isMoving: this.isMoving });
  }

  /** Last motion before the first standstill of 150 ms since `from_s`; undefined when there was none. */
  stoppedAfter(from_s: number): number | undefined {
    let last_s = from_s;
    for (const { at_s, isMoving } of this.samples) {
      if (at_s < from_s) continue;
      if (isMoving) last_s = at_s;
      else if (at_s - last_s > 0.15) return last_s;
    }
    return undefined;
  }
}

type Role = "policy" | "robot" | "supervisor";

/** The processes, and how to start each anew. */
class Deployment {
  readonly motors = new Motors();
  readonly cable: Cable;
  readonly #arguments: Readonly<Record<Role, readonly string[]>>;
  readonly #children = new Map<Role, ChildProcess>();

  private constructor(cable: Cable, ports: readonly number[]) {
    this.cable = cable;
    const [policy, supervisor, stops] = ports.map((port) => `tcp://127.0.0.1:${port}`);
    this.#arguments = {
      policy: [policy],
      supervisor: [supervisor, stops],
      robot: [cable.endpoint, supervisor],
    };
  }

  static async start(): Promise<Deployment> {
    const ports = await freePorts(3);
    const deployment = new Deployment(await Cable.to(ports[0]), ports);
    for (const role of ["policy", "supervisor", "robot"] as const) await deployment.start(role);
    return deployment;
  }

  /** Starts a process; resolves when it says that it is there. */
  async start(role: Role): Promise<void> {
    const script = path.join(import.meta.dirname, "faults", "roles.ts");
    const child = fork(script, [role, ...this.#arguments[role]], { execArgv: ["--import", "tsx"] });
    this.#children.set(role, child);
    const ready = new Promise<void>((resolve) => {
      child.on("message", (message) => {
        if (message === "ready") resolve();
        else this.motors.write(message as number[]);
      });
    });
    await ready;
  }

  async kill(role: Role): Promise<void> {
    const child = this.#children.get(role);
    if (!child) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  signal(role: Role, name: "SIGSTOP" | "SIGCONT"): void {
    this.#children.get(role)?.kill(name);
  }

  async end(): Promise<void> {
    for (const role of this.#children.keys()) await this.kill(role);
  }
}

const faults = [
  ...(["policy", "robot", "supervisor"] as const).flatMap((role) => [
    {
      name: `${role} killed`,
      begin: (d: Deployment) => d.kill(role),
      end: (d: Deployment) => d.start(role),
    },
    {
      name: `${role} frozen`,
      begin: (d: Deployment) => d.signal(role, "SIGSTOP"),
      end: (d: Deployment) => d.signal(role, "SIGCONT"),
    },
  ]),
  {
    name: "cable cut",
    begin: (d: Deployment) => d.cable.cut(),
    end: (d: Deployment) => d.cable.mend(),
  },
  {
    name: "cable stalled",
    begin: (d: Deployment) => d.cable.stall(),
    end: (d: Deployment) => d.cable.mend(),
  },
];

const deployment = await Deployment.start();
const rng = createRng(Number(values.seed));
const rows: { name: string; stop_ms: number; recovery_ms: number }[] = [];
try {
  for (let i = 0; i < Number(values.faults); i++) {
    const fault = faults[Math.floor(rng.next() * faults.length)];
    const row = { name: fault.name, ...(await inflict(deployment, fault, 0.4 + rng.next())) };
    rows.push(row);
    console.log(`${i + 1}: ${JSON.stringify(row)}`);
  }
} finally {
  await deployment.end();
}
finish(rows, deployment.motors);

async function inflict(
  deployment: Deployment,
  { begin, end }: (typeof faults)[number],
  lasting_s: number,
): Promise<{ stop_ms: number; recovery_ms: number }> {
  const { motors } = deployment;
  await cruising(motors, 20);
  await sleep(1000 * rng.next());
  motors.samples.length = 0;
  const fault_s = monotonic_s();
  await begin(deployment);
  await sleep(1000 * lasting_s);
  await end(deployment);
  const return_s = monotonic_s();
  await cruising(motors, 20);
  const recovery_ms = Math.max(0, 1000 * (monotonic_s() - return_s));
  const stopped_s = motors.stoppedAfter(fault_s) ?? Number.POSITIVE_INFINITY;
  return {
    stop_ms: Math.round(1000 * (stopped_s - fault_s)),
    recovery_ms: Math.round(recovery_ms),
  };
}

async function cruising(motors: Motors, patience_s: number): Promise<void> {
  const deadline_s = monotonic_s() + patience_s;
  while (!motors.isMoving) {
    if (monotonic_s() > deadline_s) throw new Error(`internal: no motion within ${patience_s} s.`);
    await sleep(2);
  }
}

/** When motion stopped: by the supervisor's doing, and where that is what failed, by the motors' own. */
function stopHeadlines(rows: readonly { name: string; stop_ms: number }[]) {
  const isOfSupervisor = ({ name }: { name: string }) => name.startsWith("supervisor");
  return [
    {
      what: "motion stops after a fault of policy, robot or cable",
      own: rows.filter((row) => !isOfSupervisor(row)),
    },
    {
      what: `motion stops after a fault of the supervisor, by a driver that gives up ${1000 * driverTimeout_s} ms after the last command`,
      own: rows.filter(isOfSupervisor),
    },
  ].map(({ what, own }) => {
    const stops = own.map(({ stop_ms }) => stop_ms);
    const late = stops.filter((stop_ms) => stop_ms > stopsWithin_ms).length;
    return {
      what: `${what}, worst of ${own.length}`,
      value: `${Math.max(...stops)} ms, ${late} later than ${stopsWithin_ms} ms`,
    };
  });
}

function finish(
  rows: readonly { name: string; stop_ms: number; recovery_ms: number }[],
  motors: Motors,
) {
  const slowest_ms = Math.max(...rows.map(({ recovery_ms }) => recovery_ms));
  const late = rows.filter(({ stop_ms }) => stop_ms > stopsWithin_ms).length;
  const slow = rows.filter(({ recovery_ms }) => recovery_ms > recoversWithin_ms).length;
  const byKind = faults.map(({ name }) => {
    const own = rows.filter((row) => row.name === name);
    const stops = own.map(({ stop_ms }) => stop_ms);
    const recoveries = own.map(({ recovery_ms }) => recovery_ms);
    return {
      fault: name,
      times: own.length,
      stopP50_ms: quantile(stops, 0.5),
      stopMax_ms: Math.max(...stops),
      recoveryP50_ms: quantile(recoveries, 0.5),
      recoveryMax_ms: Math.max(...recoveries),
    };
  });
  const headlines = [
    ...stopHeadlines(rows),
    {
      what: "motion goes on after the peer's return, worst",
      value: `${slowest_ms} ms, ${slow} later than ${recoversWithin_ms} ms`,
    },
    {
      what: "oldest observation that the motors were moved on",
      value: `${Math.round(motors.oldest_ms)} ms, ${motors.stale} older than ${oldest_ms} ms`,
    },
  ];
  const file = writeResults("bridge-faults", {
    seed: Number(values.seed),
    headlines,
    byKind,
    rows,
  });
  for (const { what, value } of headlines) console.log(`${what}: ${value}`);
  console.log(`written to ${file}`);
  process.exit(late + slow + motors.stale > 0 ? 1 : 0);
}
