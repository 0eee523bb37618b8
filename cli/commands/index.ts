/** All commands, in the order of the work. Each is loaded when it is used, so that help is quick. */

import type { Command } from "../command.ts";

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  scenes: {
    summary: "List the scenes, or show one: stages, observation groups, settings.",
    load: async () => (await import("./scenes.ts")).scenes,
  },
  serve: {
    summary: "Serve a policy bundle to robots over ZeroMQ, until Ctrl-C.",
    load: async () => (await import("./serve.ts")).serve,
  },
  probe: {
    summary: "Probe the physics: one object pushed by a ball at constant speed.",
    load: async () => (await import("./probe.ts")).probe,
  },
  bench: {
    summary: "Run a benchmark; write bench/results/<name>.json and the README's table.",
    load: async () => (await import("./bench.ts")).bench,
  },
};
