/**
 * A control loop at 20 Hz for half an hour, the real student behind it and a learner busy in another
 * process: how evenly the loop runs, whether motion was ever held, and whether anything grows.
 *
 * `npx tsx bench/bridge-soak.ts [--minutes 30] [--learner PID] [--idle]`; with `--learner`, that process is the one that
 * learns, and no other is started.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { monotonic_s } from "../bridge/clock.ts";
import { servePolicy } from "../bridge/policy-server.ts";
import { keepHeapSmall, raisePriority } from "../bridge/process.ts";
import { connectRobot } from "../bridge/robot-client.ts";
import { robotLimits, supervisorSchema } from "../bridge/supervisor/config.ts";
import { connectSupervisor } from "../bridge/supervisor/link.ts";
import { supervise } from "../bridge/supervisor/server.ts";
import { createRng } from "../core/rng.ts";
import { quantile } from "../core/statistics.ts";
import { readBundle } from "../policies/bundle.ts";
import { inSiUnits, rowSize } from "../policies/manifest.ts";
import { loadPolicy } from "../policies/runtime/node.ts";
import { writeResults } from "./harness.ts";
import { Learner, type LearnerReport } from "./learner.ts";

const bundle = path.resolve(import.meta.dirname, "..", "policies", "zoo", "push-pair");
const period_ms = 50;
/** A learner that uses less than this share of a core is not busy. */
const leastBusyCores = 0.5;

/** What a process says of itself. */
interface Account {
  readonly rss_MB: number;
  /** Whether it was allowed a higher priority than the learner. */
  readonly isPrior: boolean;
  readonly jitters_ms?: readonly number[];
  readonly holds?: number;
  readonly ticks?: number;
  readonly actions?: number;
}

const roles: Readonly<
  Record<string, (...words: string[]) => Promise<() => Omit<Account, "rss_MB" | "isPrior">>>
> = {
  async policy() {
    const policy = await loadPolicy(bundle);
    const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*" });
    process.send?.(server.endpoint);
    return () => ({ actions: server.report().actions });
  },
  async supervisor() {
    const server = await supervise({
      config: supervisorSchema.parse({ columns: robotLimits["ego-push"] }),
      actuators: { write() {}, close() {} },
      endpoint: "tcp://127.0.0.1:*",
      stopEndpoint: "tcp://127.0.0.1:*",
      isArmed: true,
    });
    process.send?.(server.endpoint);
    return () => ({ holds: server.report().holds, ticks: server.report().ticks });
  },
  async robot(policy, supervisor) {
    const { manifest } = readBundle(bundle);
    const link = await connectRobot({ manifest, endpoint: policy });
    const columns = manifest.output.columns.map(({ name }) => name);
    const base = await connectSupervisor({ lane: "policy", columns, endpoint: supervisor });
    const rng = createRng(3);
    const rows = manifest.inputs.map(({ name, shape }) => {
      return [name, Float32Array.from({ length: rowSize(shape) }, () => rng.next())] as const;
    });
    const observation = Object.fromEntries(rows);
    setInterval(() => {
      base.command(inSiUnits(manifest.output, link.commandOf(0)), link.timeLeft_s(0));
    }, 20);
    const jitters_ms: number[] = [];
    let due_s = monotonic_s();
    const step = () => {
      jitters_ms.push(1000 * Math.abs(monotonic_s() - due_s));
      link.observe(observation);
      due_s += period_ms / 1000;
      // a step that was missed altogether is not made up for
      if (due_s < monotonic_s()) due_s = monotonic_s() + period_ms / 1000;
      setTimeout(step, 1000 * (due_s - monotonic_s()));
    };
    step();
    process.send?.("running");
    return () => ({ jitters_ms: jitters_ms.splice(0) });
  },
};

const [role, ...words] = process.argv.slice(2);
if (role !== undefined && Object.hasOwn(roles, role)) await play(role, words);
else await soak();

async function play(role: string, words: readonly string[]): Promise<void> {
  process.on("disconnect", () => process.exit());
  const isPrior = raisePriority();
  // as `understudy supervise` does
  if (role === "supervisor") keepHeapSmall();
  const account = await roles[role](...words);
  process.on("message", () => {
    const rss_MB = process.memoryUsage.rss() / 1e6;
    process.send?.({ ...account(), rss_MB, isPrior } satisfies Account);
  });
}

async function soak(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      learner: { type: "string" },
      idle: { type: "boolean" },
    },
  });
  const minutes = Number(values.minutes);
  const folder = mkdtempSync(path.join(tmpdir(), "understudy-soak-"));
  const policy = await start("policy");
  const supervisor = await start("supervisor");
  const robot = await start("robot", policy.said, supervisor.said);
  const processes = { policy, supervisor, robot };
  let learner: Learner | undefined;
  try {
    if (values.learner !== undefined) learner = Learner.running(Number(values.learner));
    else if (!values.idle) learner = Learner.start(folder);
    // the first seconds are the compilers'
    await sleep(Math.min(60_000, minutes * 6000));
    const first = await accounts(processes);
    await sleep(60_000 * minutes);
    const last = await accounts(processes);
    finish(minutes, learner?.report(), first, last);
  } finally {
    learner?.stop();
    for (const { child } of Object.values(processes)) child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

type Accounts = Readonly<Record<"policy" | "supervisor" | "robot", Account>>;

async function accounts(
  processes: Readonly<Record<"policy" | "supervisor" | "robot", { child: ChildProcess }>>,
): Promise<Accounts> {
  const ask = async ({ child }: { child: ChildProcess }) => {
    child.send("account");
    const [account] = (await once(child, "message")) as [Account];
    return account;
  };
  const { policy, supervisor, robot } = processes;
  return {
    policy: await ask(policy),
    supervisor: await ask(supervisor),
    robot: await ask(robot),
  };
}

function finish(
  minutes: number,
  learner: LearnerReport | undefined,
  first: Accounts,
  last: Accounts,
): void {
  const jitters_ms = last.robot.jitters_ms ?? [];
  const p99_ms = quantile(jitters_ms, 0.99);
  const holds = (last.supervisor.holds ?? 0) - (first.supervisor.holds ?? 0);
  const growth_MB = Object.fromEntries(
    (["policy", "supervisor", "robot"] as const).map((role) => [
      role,
      Math.round(10 * (last[role].rss_MB - first[role].rss_MB)) / 10,
    ]),
  );
  const most_MB = Math.max(...Object.values(growth_MB));
  const beside = learner ? `, a learner busy on ${learner.busyCores} cores` : "";
  const headlines = [
    {
      what: `control loop at 20 Hz for ${minutes} minutes${beside}`,
      value: `${holds} missed watchdogs, jitter p99 ${p99_ms.toFixed(2)} ms, memory grew ${most_MB} MB`,
    },
  ];
  const rows = {
    steps: jitters_ms.length,
    actions: (last.policy.actions ?? 0) - (first.policy.actions ?? 0),
    holds,
    jitterP50_ms: quantile(jitters_ms, 0.5),
    jitterP99_ms: p99_ms,
    jitterMax_ms: quantile(jitters_ms, 1),
    growth_MB,
    isPrior: last.robot.isPrior,
  };
  console.log(JSON.stringify(rows, null, 2));
  console.log(`written to ${writeResults("bridge-soak", { minutes, learner, headlines, rows })}`);
  const isBusy = learner === undefined || learner.busyCores >= leastBusyCores;
  if (!isBusy)
    console.log(`the learner was hardly busy (${learner?.busyCores} cores): this shows little`);
  process.exitCode = holds > 0 || p99_ms > 5 || most_MB > 20 || !isBusy ? 1 : 0;
}

/** Starts a role in a process of its own; `said` is its first word. */
async function start(...words: readonly string[]): Promise<{ child: ChildProcess; said: string }> {
  const child = fork(import.meta.filename, words, { execArgv: ["--import", "tsx"] });
  const [said] = (await once(child, "message")) as [string];
  return { child, said };
}
