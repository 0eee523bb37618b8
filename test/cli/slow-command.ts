/** A program with one command that runs until it is told to stop; for `process.test.ts`. */

import { defineCommand } from "../../cli/command.ts";
import { runProcess } from "../../cli/process.ts";
import { ConfigError } from "../../core/errors.ts";

const wait = defineCommand({
  examples: [],
  options: { stubborn: { type: "boolean", description: "do not listen" } },
  async run({ options, signal, io }) {
    io.out("waiting\n");
    const timer = setInterval(() => {}, 1000);
    await new Promise((resolve) => {
      if (!options.stubborn) signal.addEventListener("abort", resolve);
    });
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
