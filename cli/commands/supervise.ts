/** `understudy supervise`: the process that owns a robot's actuators; and the words that arm and stop it. */

import { keepHeapSmall, raisePriority } from "../../bridge/process.ts";
import { type Actuators, programActuators } from "../../bridge/supervisor/actuators.ts";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import { connectSupervisor } from "../../bridge/supervisor/link.ts";
import {
  defaultStopEndpoint,
  defaultSupervisorEndpoint,
} from "../../bridge/supervisor/messages.ts";
import {
  type SupervisorReport,
  type SupervisorServer,
  supervise as startSupervisor,
} from "../../bridge/supervisor/server.ts";
import { StopLink } from "../../bridge/supervisor/stop-link.ts";
import { ConfigError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { type Context, defineCommand, jsonOption } from "../command.ts";
import { formatInteger } from "../format.ts";
import { formatTable } from "../table.ts";
import { untilAborted } from "../until-aborted.ts";
import { connectOptions, connectorKeys, listenOptions, supervisorKeys } from "../wire-options.ts";

const words = ["run", "arm", "disarm", "stop", "reset"];
const robots = Object.keys(robotLimits) as (keyof typeof robotLimits)[];

const options = {
  robot: {
    type: "string",
    choices: robots,
    default: "turtlebot3-burger",
    description: "whose columns and limits to begin with; --set changes them",
  },
  actuators: {
    type: "string",
    description:
      'program that takes a line {"command":[…],"mode":…,"stamp_s":…} for each tick; none: print',
  },
  endpoint: { type: "string", default: defaultSupervisorEndpoint, description: "for commands" },
  stopEndpoint: { type: "string", default: defaultStopEndpoint, description: "for stops" },
  armed: { type: "boolean", description: "armed from the start, without anybody saying go" },
  ...listenOptions,
  allow: {
    type: "string",
    description: "folder with a folder of NAME.public.json for each lane: teleop, policy, operator",
  },
  ...connectOptions,
  ...jsonOption,
} as const;

export const supervise = defineCommand({
  examples: [
    ["supervise --robot turtlebot3-burger --actuators 'python3 motors.py'", "own the actuators"],
    ["supervise arm", "let it move: says go to the supervisor that runs"],
    ["supervise stop", "emergency stop: zeros at once, until it is reset"],
    ["supervise reset", "end the emergency stop; the robot is disarmed then"],
    ["supervise --set columns.forward.speed=0.1", "slower than the robot could"],
  ],
  positionals: ["word"],
  options,
  config: supervisorSchema,
  async run(context) {
    const [word = "run"] = context.positionals;
    if (!words.includes(word)) {
      throw new ConfigError(
        `"supervise" does not know "${word}".${didYouMean(word, words)} Words: ${words.join(", ")}.`,
      );
    }
    if (word === "run") return run(context);
    if (word === "arm" || word === "disarm") return tell(context, word);
    return press(context, word);
  },
});

type SuperviseContext = Context<typeof options>;

async function run({ options, configure, signal, io, report }: SuperviseContext): Promise<void> {
  const config = configure(supervisorSchema, { columns: robotLimits[options.robot] });
  const log = (line: string) => io.err(`${line}\n`);
  if (!raisePriority()) log("runs at the usual priority: not allowed to raise it");
  keepHeapSmall();
  const ended = new AbortController();
  let why = "";
  let server: SupervisorServer | undefined;
  const events = {
    sensed: (seen: Parameters<SupervisorServer["sensed"]>[0]) => server?.sensed(seen),
    refused: (reason: string, sentence: string) => server?.refuse(reason, sentence),
    ended: (how: string) => {
      why = how;
      server?.stop(`the actuators' program ended (${how})`);
      ended.abort();
    },
  };
  const { actuators: program, endpoint, stopEndpoint } = options;
  const actuators =
    program === undefined
      ? printer(options.json ? io.err : io.out)
      : programActuators(program, events);
  try {
    server = await startSupervisor({
      config,
      actuators,
      endpoint,
      stopEndpoint,
      isArmed: options.armed,
      allowOpenPort: options.open,
      ...supervisorKeys(options),
      log,
    });
    await untilAborted(AbortSignal.any([signal, ended.signal]));
    const counts = server.report();
    report(counts, () => countsTable(counts));
  } finally {
    await (server ?? actuators).close();
  }
  if (!signal.aborted) {
    throw new ConfigError(
      `The actuators' program ended: ${why}. Start it anew with the supervisor.`,
    );
  }
}

/** `arm` and `disarm`, as an operator. */
async function tell({ options, configure, io }: SuperviseContext, word: string): Promise<void> {
  const { columns } = configure(supervisorSchema, { columns: robotLimits[options.robot] });
  const link = await connectSupervisor({
    lane: "operator",
    columns: Object.keys(columns),
    endpoint: options.endpoint,
    ...connectorKeys(options),
  });
  try {
    if (word === "arm") await link.arm();
    else {
      link.disarm();
      await link.before(() => link.beat?.mode === "disarmed", "The supervisor did not disarm");
    }
    io.out(`${link.beat?.mode}\n`);
  } finally {
    await link.close();
  }
}

/** `stop` and `reset`, on the socket of their own. */
async function press({ options, report }: SuperviseContext, word: string): Promise<void> {
  const { keys } = connectorKeys(options);
  const link = new StopLink(options.stopEndpoint, keys);
  try {
    const state = await (word === "stop" ? link.stop("understudy supervise stop") : link.reset());
    report(state, () => `${state.mode}, emergency stops so far: ${state.stops}`);
  } finally {
    link.close();
  }
}

/** Instead of actuators: a line for each command that differs from the last. */
function printer(out: (text: string) => void): Actuators {
  let last = "";
  return {
    write(command, mode) {
      const line = `${JSON.stringify({ command, mode })}\n`;
      if (line !== last) out(line);
      last = line;
    },
    close() {},
  };
}

function countsTable({ ticks, commands, holds, stops, refused }: SupervisorReport): string {
  const total = Object.values(refused).reduce((sum, count) => sum + count, 0);
  return formatTable(
    [{ title: "supervised" }, { title: "count", align: "right" }],
    [
      ["ticks", formatInteger(ticks)],
      ["commands taken", formatInteger(commands)],
      ["refused", formatInteger(total)],
      ["held for want of a command", formatInteger(holds)],
      ["emergency stops", formatInteger(stops)],
    ],
  );
}
