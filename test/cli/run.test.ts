import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineCommand, jsonOption, seedOption } from "../../cli/command.ts";
import { commands } from "../../cli/commands/index.ts";
import { WireError } from "../../core/errors.ts";
import { settingsOf } from "../../core/settings.ts";
import { runCommand } from "./run-command.ts";

const config = z.strictObject({
  seed: z.int().default(0).describe("decides the run"),
  ppo: z
    .strictObject({
      gamma: z.number().min(0).max(1).default(0.99).describe("discount per step"),
      hidden: z.array(z.int()).default([64, 64]),
    })
    .prefault({}),
});

const lesson = defineCommand({
  examples: [["lesson --mass_kg 2", "show what was parsed"]],
  positionals: ["topic"],
  options: {
    ...jsonOption,
    ...seedOption,
    mass_kg: { type: "number", min: 0, default: 1, description: "mass of the box" },
    offset_m: { type: "number", default: 0, description: "sideways offset" },
    shape: { type: "string", choices: ["cube", "prism"], default: "cube", description: "shape" },
    out: { type: "string", description: "folder to write" },
  },
  config,
  run({ options, positionals, configure, report }) {
    const data = { options, positionals, config: configure(config, { ppo: { gamma: 0.9 } }) };
    report(data, () => `${options.shape} of ${options.mass_kg} kg`);
  },
});
const failing = defineCommand({
  examples: [],
  options: { how: { type: "string", required: true, description: "way to fail" } },
  run({ options }) {
    if (options.how === "path") writeFileSync(import.meta.dirname, "");
    if (options.how === "wire") throw new WireError("Robot silent. Start it.");
    throw new Error("internal: boxes have no soul");
  },
});
const table = {
  lesson: { summary: "Parse and show.", load: async () => lesson },
  fail: { summary: "Fail.", load: async () => failing },
};
const run = (line: string, signal?: AbortSignal) =>
  runCommand(table, line.split(" ").filter(Boolean), signal);

describe("options", () => {
  it("fills in defaults, and parses numbers, negative ones too", async () => {
    const { code, out } = await run("lesson bump --json --offset_m -0.03 --mass_kg=2.5");
    expect(code).toBe(0);
    const { options, positionals } = JSON.parse(out);
    expect(options).toMatchObject({ offset_m: -0.03, mass_kg: 2.5, shape: "cube", seed: 0 });
    expect(positionals).toEqual(["bump"]);
  });

  it("prints text unless --json is given", async () => {
    expect((await run("lesson --mass_kg 2")).out).toBe("cube of 2 kg\n");
  });

  it.each([
    ["lesson --mas_kg 2", 'Unknown option "--mas_kg" of "lesson". Did you mean "--mass_kg"?'],
    ["lesson --mass_kg heavy", '"--mass_kg" must be a number of at least 0, got "heavy".'],
    ["lesson --mass_kg 1/0", '"--mass_kg" must be a number of at least 0, got "1/0".'],
    ["lesson --mass_kg 1/", '"--mass_kg" must be a number of at least 0, got "1/".'],
    ["lesson --mass_kg -1", '"--mass_kg" must be a number of at least 0, got "-1".'],
    ["lesson --seed 1.5", '"--seed" must be a whole number from 0 to 4294967295, got "1.5".'],
    ["lesson --shape cub", '"--shape" must be one of cube, prism, got "cub". Did you mean "cube"?'],
    ["lesson --out --json", '"--out" needs a value, got "--json".'],
    ["lesson --out", '"--out" needs a value, got nothing.'],
    ["lesson --json=yes", '"--json" takes no value, got "yes".'],
    ["lesson a b", '"lesson" takes only topic besides its options, got "b".'],
    ["fail", '"fail" needs --how TEXT: way to fail.'],
    ["fail --set a=1", 'Unknown option "--set" of "fail".'],
    ["lessn", 'Unknown command "lessn". Did you mean "lesson"? Commands: lesson, fail.'],
    ["constructor", 'Unknown command "constructor". Commands: lesson, fail.'],
    ["lesson --constructor", 'Unknown option "--constructor" of "lesson".'],
  ])("refuses %s in a sentence", async (line, sentence) => {
    const { code, out, err } = await run(line);
    expect(err).toContain(sentence);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).not.toMatch(/\n\s+at /);
    expect([code, out]).toEqual([1, ""]);
  });
});

describe("--set", () => {
  it("changes the configuration on top of the command's own base", async () => {
    const line = "lesson --json --set ppo.hidden=[32,16] --set seed=7";
    expect(JSON.parse((await run(line)).out).config).toEqual({
      seed: 7,
      ppo: { gamma: 0.9, hidden: [32, 16] },
    });
  });

  it("lets the last of several assignments win", async () => {
    const { out } = await run("lesson --json --set ppo.gamma=0.5 --set ppo.gamma=0.25");
    expect(JSON.parse(out).config.ppo.gamma).toBe(0.25);
  });

  it.each([
    [
      "ppo.gama=0.9",
      'Unknown option "ppo.gama" in --set. Did you mean "ppo.gamma"? "ppo" has: gamma, hidden.',
    ],
    ["gamma=0.9", 'Did you mean "ppo.gamma"? The configuration has: seed, ppo.'],
    ["__proto__.x=1", 'Unknown option "__proto__.x" in --set.'],
    [
      "ppo.gamma.x=1",
      '"ppo.gamma" in "--set ppo.gamma.x=…" has no parts: it is a number from 0 to 1.',
    ],
    ["ppo", '"--set" needs path.to.option=value, got "ppo".'],
    ["ppo.gamma=1.5", "at ppo.gamma"],
    ["ppo.gamma=high", "expected number, received string"],
  ])("refuses %s", async (assignment, sentence) => {
    const { code, out, err } = await run(`lesson --set ${assignment}`);
    expect(err).toContain(sentence);
    expect(err).not.toMatch(/\n\s+at .*:\d+/);
    expect([code, out]).toEqual([1, ""]);
  });
});

it("says what a setting may be", () => {
  const schema = z.strictObject({
    pair: z.tuple([z.number().positive(), z.int().max(9)]).default([1, 2]),
    mode: z.enum(["a", "b"]).default("a"),
    limit: z.union([z.literal("none"), z.int().min(1)]).default("none"),
    on: z.boolean().default(true).describe("whether"),
    name: z.string().optional(),
    again: z.strictObject({ at: z.number(), std: z.number() }).nullish(),
  });
  expect(settingsOf(schema)).toEqual([
    {
      path: "pair",
      type: "[number, above 0, whole number, at most 9]",
      default: "[1,2]",
      description: "",
    },
    { path: "mode", type: "one of a, b", choices: ["a", "b"], default: '"a"', description: "" },
    {
      path: "limit",
      type: '"none" or whole number, at least 1',
      default: '"none"',
      description: "",
    },
    {
      path: "on",
      type: "true or false",
      choices: ["true", "false"],
      default: "true",
      description: "whether",
    },
    { path: "name", type: "text", default: undefined, description: "" },
    { path: "again", type: "{ at, std } or null", default: undefined, description: "" },
  ]);
});

describe("exit codes", () => {
  it("is 1 for what the user can mend, without a stack trace", async () => {
    expect(await run("fail --how wire")).toEqual({
      code: 1,
      out: "",
      err: "Robot silent. Start it.\n",
    });
  });

  it("is 1 for a path that is not what it should be", async () => {
    const { code, err } = await run("fail --how path");
    expect([code, err]).toEqual([1, `Cannot use "${import.meta.dirname}": it is a folder.\n`]);
  });

  it("is 70 for our own bugs, with the stack and a word of apology", async () => {
    const { code, err } = await run("fail --how else");
    expect(code).toBe(70);
    expect(err).toMatch(/internal: boxes have no soul\n\s+at /);
    expect(err).toContain("a bug in Understudy");
  });

  it("is 130 when the person at the keyboard stopped it", async () => {
    expect((await run("lesson", AbortSignal.abort())).code).toBe(130);
  });
});

describe("help", () => {
  it("lists every command of the table", async () => {
    for (const line of ["", "--help", "-h", "help"]) {
      const { code, out } = await run(line);
      expect(code).toBe(0);
      expect(out).toMatch(/lesson +Parse and show\./);
    }
  });

  it("shows options with defaults, settings with bounds of their own, and examples", async () => {
    const page = (await run("lesson --help")).out;
    expect(page).toMatch(/--mass_kg NUMBER +mass of the box \(default 1\)/);
    expect(page).toMatch(/--shape cube\|prism +shape \(default cube\)/);
    expect(page).toMatch(/ppo\.gamma=0\.99 +discount per step \(number from 0 to 1\)/);
    expect(page).toMatch(/ppo\.hidden=\[64,64\] +list, each whole number/);
    expect(page).toContain("understudy lesson --mass_kg 2");
  });

  it("tells the version", async () => {
    const { out } = await run("--version");
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("answers to -h and to help <command> alike", async () => {
    const page = (await run("lesson --help")).out;
    expect((await run("lesson -h")).out).toBe(page);
    expect((await run("help lesson")).out).toBe(page);
  });
});

describe("the commands that ship", () => {
  it.each(Object.entries(commands))("%s explains itself", async (name, { summary }) => {
    const { code, out, err } = await runCommand(commands, [...name.split(" "), "--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out.startsWith(`${summary}\n`)).toBe(true);
    expect(out).toContain(`Usage: understudy ${name}`);
    expect(out).not.toContain("(default )");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  it("take names of two words, written apart or with a hyphen", async () => {
    const page = (await runCommand(commands, ["plan", "train", "--help"])).out;
    expect(page).toContain("Usage: understudy plan train [options]");
    for (const line of ["plan-train --help", "help plan train", "help plan-train"])
      expect((await runCommand(commands, line.split(" "))).out).toBe(page);
    // the first word alone is a command of its own
    expect((await runCommand(commands, ["plan", "--help"])).out).toContain(
      "understudy plan [words]",
    );
  });

  it.each(Object.entries(commands))(
    "%s gives every option and setting a description",
    async (_, { load }) => {
      const { options, examples } = await load();
      for (const { description } of Object.values(options))
        expect(description).toMatch(/^\S.*[^.]$/);
      expect(examples.length).toBeGreaterThan(0);
    },
  );
});
