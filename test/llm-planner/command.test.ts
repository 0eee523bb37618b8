import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { readWeights } from "../../llm-planner/embedded/bundle.ts";
import { readPart, writePart } from "../../llm-planner/embedded/checkpoints.ts";
import { EmbeddedPlanner, zooPlanner } from "../../llm-planner/embedded/planner.ts";
import { sequencerParams } from "../../llm-planner/embedded/sequencer.ts";
import { appendCorrection, stagesFor } from "../../llm-planner/execution/corrections.ts";
import { worldOf } from "../../llm-planner/make-plan.ts";
import { runCommand } from "../cli/run-command.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { openEndpoint } from "./misbehaving-endpoint.ts";
import { assembled } from "./support.ts";

const folder = temporaryFolder();
const answers = path.join(folder, "answers.json");
const out = path.join(folder, "plan.json");
const words = "Put the object in front of the anchor";
const front = {
  name: "place-object",
  // clears a terminal where it is shown as it is
  why: "It is the only one.\u001b[2J",
  active: "object",
  place: { anchor: "anchor", x_m: 0.25, y_m: 0 },
};

beforeAll(() => {
  const record = {
    format: 1,
    answers: [
      {
        instruction: words,
        answers: [{ stages: [{ ...front, active: "box" }] }, { stages: [front] }],
      },
      { instruction: "do the impossible", answers: [{ stages: [{ ...front, active: "moon" }] }] },
    ],
  };
  writeFileSync(answers, JSON.stringify(record));
});

const plan = (...more: readonly string[]) => runCommand(commands, ["plan", ...more]);
const recorded = ["--scene", "push-pair", "--provider", "recorded", "--answers", answers];

describe("understudy plan run", () => {
  it("carries a plan out, follows a correction and logs it", async () => {
    const file = path.join(folder, "run.json");
    const corrections = path.join(folder, "corrections.jsonl");
    writeFileSync(
      file,
      JSON.stringify({
        scene: "push-pair",
        instruction: "",
        stages: [{ ...front, name: "first" }],
      }),
    );
    const said = ["--say", words, "--at_step", "3", "--corrections", corrections, "--seed", "2"];
    const {
      code,
      out: text,
      err,
    } = await runCommand(commands, [
      ...["plan", "run", "--plan", file, "--json", "--max_steps", "1500"],
      ...["--provider", "recorded", "--answers", answers],
      ...said,
    ]);
    expect(code, err).toBe(0);
    const { events, success, steps } = JSON.parse(text);
    expect(events[0]).toEqual({ step: 4, kind: "corrected", stage: "place-object", reason: words });
    expect(success).toBe(true);
    expect(events.at(-1).kind).toBe("finished");
    expect(steps).toBeLessThan(1500);
    const [logged] = readFileSync(corrections, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(logged).toMatchObject({
      words,
      stage: "first",
      step: 3,
      stages: [{ active: "object" }],
    });
  });
});

it("understudy plan learn leaves out what the planner reads itself", async () => {
  const file = path.join(folder, "known.jsonl");
  const planner = await EmbeddedPlanner.load();
  const base = assembled("push-pair");
  const world = worldOf("push-pair", base, 1);
  const asked = { planner, base, scene: "push-pair", words, world, seed: 1 };
  const found = await stagesFor(asked);
  await planner.close();
  const at = { format: 1 as const, scene: "push-pair", instruction: "", stage: "", step: 0 };
  const logged = { ...world, objects: [...world.objects] };
  appendCorrection(file, { ...at, words, world: logged, ...found });
  const { code, err } = await runCommand(commands, ["plan", "learn", "--corrections", file]);
  expect(code).toBe(1);
  expect(err).toMatch(/None of the 1 corrections .* does not say already/);
});

describe("understudy plan", () => {
  it("prints stages as a table, says why, and writes the plan that was verified", async () => {
    const { code, out: text, err } = await plan(words, ...recorded, "--explain", "--out", out);
    expect([code, err]).toEqual([0, ""]);
    expect(text).toMatch(/1 {2}place-object {2}object {2}0\.25 m in front of anchor/);
    expect(text).toContain("place-object: It is the only one. [2J\n");
    expect(text).toMatch(/done {5}distance\(active, target\) < 5 cm and/);
    expect(text).toContain('Answer 1 was refused: Stage "place-object" names "box"');
    expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({
      format: 1,
      scene: "push-pair",
      stages: [{ active: "object", budgetSteps: 300 }],
    });
  });

  it("verifies a plan from a file, as JSON", async () => {
    const { code, out: text } = await plan("--check", out, "--json");
    expect(code).toBe(0);
    const { plan: found, rehearsal } = JSON.parse(text);
    expect(found.stages).toHaveLength(1);
    expect(rehearsal[0].completed).toBeGreaterThan(0);
    // its own scene may be said, nothing else
    expect((await plan("--check", out, "--scene", "push-pair", "--json")).code).toBe(0);
    for (const beside of [["put it there"], ["--scene", "push-cross"]]) {
      const { code, err } = await plan(...beside, "--check", out);
      expect(code).toBe(1);
      expect(err).toMatch(/^--check verifies .* beside it decides nothing\. Leave it out\.\n$/);
    }
  });

  it("refuses with the reasons, and writes nothing", async () => {
    const nothing = path.join(folder, "nothing.json");
    const refused = await plan("do the impossible", ...recorded, "--out", nothing);
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toMatch(
      /^The plan was refused:\n- .*names "moon", which is not in the scene/,
    );
    expect(existsSync(nothing)).toBe(false);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["no words", ["--scene", "push-pair"], /Say what to plan/],
    ["no scene", ["words"], /needs --scene NAME\. Scenes: .*push-pair/],
    ["no answers", ["words", "--scene", "push-pair", "--provider", "recorded"], /--answers FILE/],
    ["an unrecorded instruction", ["something else", ...recorded], /is recorded in.*Recorded: /],
    [
      "no URL",
      ["words", "--scene", "push-pair", "--provider", "endpoint", "--url", "here"],
      /must be a URL/,
    ],
    ["no file", ["--check", path.join(folder, "none.json")], /There is no plan at/],
  ])("explains %s in one sentence", async (_, line, message) => {
    const { code, err } = await plan(...line);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });

  it("keeps the key out of everything it writes", async () => {
    const key = "sk-in-the-environment";
    const endpoint = await openEndpoint([{ answer: JSON.stringify({ stages: [front] }) }]);
    const log = path.join(folder, "log.jsonl");
    const cache = path.join(folder, "cache");
    process.env.UNDERSTUDY_PLANNER_KEY = key;
    try {
      const asked = [
        "--provider",
        "endpoint",
        "--url",
        endpoint.url,
        "--log",
        log,
        "--cache",
        cache,
      ];
      const {
        code,
        out: text,
        err,
      } = await plan(words, "--scene", "push-pair", ...asked, "--json");
      expect(code, err).toBe(0);
      expect(endpoint.requests[0].key).toBe(`Bearer ${key}`);
      expect(text + err + readFileSync(log, "utf8")).not.toContain(key);
      expect(JSON.parse(readFileSync(log, "utf8"))).toMatchObject({ outcome: "answered" });
    } finally {
      delete process.env.UNDERSTUDY_PLANNER_KEY;
      await endpoint.close();
    }
  });
});

it("plan train goes on from a planner, not from what had no round yet, and with the seed it began with", async () => {
  const trained = path.join(folder, "trained");
  const file = path.join(trained, "sequencer.ckpt");
  const params = sequencerParams();
  const { sequencer } = readWeights(zooPlanner);
  const half = sequencer.map((x) => x / 2);
  const state = { theta: half, m: half, v: half, steps: 3 };
  writePart(file, "sequencer", params, { state, seed: 0, config: {}, rounds: 0 });
  const train = (seed: number) =>
    plan(
      ...["train", "--from", zooPlanner, "--out", trained, "--judge", "0", "--seed", `${seed}`],
      ...["--set", "reader.steps=8", "--set", "reader.batch=4", "--set", "order.iterations=1"],
    );
  const { code, err } = await train(0);
  expect(code, err).toBe(0);
  // the planner that ships has had more rounds than one already
  const kept = readPart(file, "sequencer", params, 0);
  expect(kept?.state.theta).toEqual(sequencer);
  expect(readWeights(path.join(trained, "planner")).sequencer).toEqual(sequencer);
  const other = await train(1);
  expect(other.code).toBe(1);
  expect(other.err).toContain("was trained with seed 0, not 1. Use that seed to resume");
}, 60_000);
