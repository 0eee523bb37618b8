/** A program with one command that runs until it is told to stop; for `process.test.ts`. */

import { defineCommand } from "../../cli/command.ts";
import { runProcess } from "../../cli/process.ts";
import { ConfigError } from "../../core/errors.ts";

const wait = defineCommand({
  examples: [],
  options: {
    stubborn: { type: "boolean", description: "do not listen" },
    slow: { type: "boolean", description: "take a while to leave" },
  },
  async run({ options, signal, io }) {
    io.out("waiting\n");
    const timer = setInterval(() => {}, 1000);
    await new Promise((resolve) => {
      if (!options.stubborn) signal.addEventListener("abort", resolve);
    });
    if (options.slow) await new Promise((resolve) => setTimeout(resolve, 500));
    clearInterval(timer);
    io.out("left whole\n");
  },
});
const late = defineCommand({
  examples: [],
  options: {},
  run() {
    setTimeout(() => {
      throw new ConfigError("Expected a robot, found none.");
    });
    return new Promise(() => setTimeout(() => {}, 10_000));
  },
});

await runProcess({
  wait: { summary: "Wait.", load: async () => wait },
  late: { summary: "Fail in a callback.", load: async () => late },
});
