/** All commands, in the order of the work. Each is loaded when it is used, so that help is quick. */

import type { Command } from "../command.ts";

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  start: {
    summary: "The whole chain: train, distil, export, evaluate and deploy one scene.",
    load: async () => (await import("./start.ts")).start,
  },
  scenes: {
    summary: "List the scenes, or show one: stages, observation groups, settings.",
    load: async () => (await import("./scenes.ts")).scenes,
  },
  plan: {
    summary: "Turn words into a checked plan of stages, or verify a plan.",
    load: async () => (await import("./plan.ts")).plan,
  },
  "plan run": {
    summary: "Carry a plan out in simulation, watched, with corrections in words.",
    load: async () => (await import("./plan-run.ts")).planRun,
  },
  "plan train": {
    summary: "Train the planner that needs no network, on generated instructions and by outcome.",
    load: async () => (await import("./plan-train.ts")).planTrain,
  },
  "plan learn": {
    summary: "Fine-tune that planner by corrections that were logged.",
    load: async () => (await import("./plan-learn.ts")).planLearn,
  },
  train: {
    summary: "Train a privileged teacher by PPO, into a checkpoint.",
    load: async () => (await import("./train.ts")).train,
  },
  distill: {
    summary: "Distil a visual student from a teacher's checkpoint.",
    load: async () => (await import("./distill.ts")).distill,
  },
  "fine-tune": {
    summary: "Improve a distilled student by what it earns (PPO), into a checkpoint.",
    load: async () => (await import("./fine-tune.ts")).fineTune,
  },
  export: {
    summary: "Write a student's checkpoint as a policy bundle, checked against the trainer.",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  evaluate: {
    summary: "Measure success on starts never trained on.",
    load: async () => (await import("./evaluate.ts")).evaluate,
  },
  serve: {
    summary: "Serve a policy bundle to robots over ZeroMQ, until Ctrl-C.",
    load: async () => (await import("./serve.ts")).serve,
  },
  supervise: {
    summary: "Own a robot's actuators: arming, limits, watchdog, emergency stop.",
    load: async () => (await import("./supervise.ts")).supervise,
  },
  doctor: {
    summary: "Find what is wrong between a robot and its policy, and how to mend it.",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  keys: {
    summary: "Make the keys that let a robot and a policy on different machines talk.",
    load: async () => (await import("./keys.ts")).keys,
  },
  probe: {
    summary: "Probe the physics: one object pushed by a ball at constant speed.",
    load: async () => (await import("./probe.ts")).probe,
  },
  "robot-sim": {
    summary: "Simulated robots in a process of their own, driven over ZeroMQ.",
    load: async () => (await import("./robot-sim.ts")).robotSim,
  },
  "env-server": {
    summary: "Simulated environments for trainers in Python, over ZeroMQ, until Ctrl-C.",
    load: async () => (await import("./env-server.ts")).envServer,
  },
  "gr00t-server": {
    summary: "Serve a policy bundle to robots that speak GR00T's protocol.",
    load: async () => (await import("./gr00t-server.ts")).gr00tServer,
  },
  "openpi-server": {
    summary: "Serve a policy bundle to robots that speak openpi's protocol.",
    load: async () => (await import("./openpi-server.ts")).openpiServer,
  },
  "lekiwi-host": {
    summary: "A simulated robot that LeRobot's LeKiwi client drives as if it were real.",
    load: async () => (await import("./lekiwi-host.ts")).lekiwiHost,
  },
  record: {
    summary:
      "Record robots: MCAP or a LeRobot dataset from simulation, or every session of a server.",
    load: async () => (await import("./record.ts")).record,
  },
  replay: {
    summary: "Feed a recording through a policy and compare what it does.",
    load: async () => (await import("./replay.ts")).replay,
  },
  "lekiwi-drive": {
    summary: "Drive a LeKiwi, real or simulated, by a policy bundle.",
    load: async () => (await import("./lekiwi-drive.ts")).lekiwiDrive,
  },
  "turtlebot3-drive": {
    summary: "Drive a TurtleBot3 through rosbridge by a policy bundle.",
    load: async () => (await import("./turtlebot3-drive.ts")).turtlebot3Drive,
  },
  "drive-sim": {
    summary: "A simulated robot driven by a GR00T or openpi policy server.",
    load: async () => (await import("./drive-sim.ts")).driveSim,
  },
  dataset: {
    summary: "Check a LeRobot dataset: every file, row and video.",
    load: async () => (await import("./dataset.ts")).dataset,
  },
  view: {
    summary: "Serve the viewer: scenes, policies and replays in the browser, until Ctrl-C.",
    load: async () => (await import("./view.ts")).view,
  },
  bench: {
    summary: "Run a benchmark; write bench/results/<name>.json and the README's table.",
    load: async () => (await import("./bench.ts")).bench,
  },
};
