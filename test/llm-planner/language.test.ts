import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import {
  compileCondition,
  compileNumber,
  type Expression,
  functions,
  MAX_COST,
} from "../../llm-planner/language/compile.ts";
import { gap_m, outlineOf, placeOutline } from "../../llm-planner/language/footprint.ts";
import { limits } from "../../llm-planner/language/parse.ts";
import { quantities } from "../../llm-planner/language/quantities.ts";
import { createSituation, rowsOf } from "../../llm-planner/language/situation.ts";
import { ExpressionError } from "../../llm-planner/language/tokens.ts";
import { Surveyor } from "../../llm-planner/measure.ts";
import { plannedStages } from "../../llm-planner/planned-stage.ts";
import { asScene, sceneFromPlan } from "../../llm-planner/scene.ts";
import { roleWords, scopeOf } from "../../llm-planner/scope.ts";
import { Ground } from "../../sim/ground.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { pushable } from "../../sim/shape.ts";
import { assembled, scope, situation, stagesOf } from "./support.ts";

const number = (text: string, at = situation({})) => compileNumber(text, scope()).evaluate(at);
const condition = (text: string, at = situation({})) =>
  compileCondition(text, scope()).evaluate(at);
const refusal = (text: string): ExpressionError => {
  try {
    compileCondition(text, scope());
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`"${text}" was not refused`);
};

describe("arithmetic", () => {
  it.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["8 / 4 / 2", 1],
    ["10 - 4 - 3", 3],
    ["-2 * -3", 6],
    ["2 - -1", 3],
    [".5 + 1e-1", 0.6],
    ["min(3, 2) + max(3, 2) + abs(-1)", 6],
    ["clamp(5, 0, 2) + clamp(-5, 0, 2)", 2],
    ["if(1 < 2, 10, 20)", 10],
    ["if(not (1 < 2), 10, 20)", 20],
    ["cos(0 rad) + sin(90 deg) + exp(0)", 3],
    ["30 cm / 15 cm", 2],
    ["1 m / 0.5 m/s / 1 s", 2],
    ["180 deg / 3.141592653589793 rad", 1],
  ])("%s is %f", (text, value) => {
    expect(number(text)).toBeCloseTo(value, 12);
  });

  it("agrees with JavaScript on sums, products and brackets", () => {
    const leaf = fc.integer({ min: 1, max: 9 }).map(String);
    const tree = fc.letrec((tie) => ({
      sum: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc
          .tuple(tie("sum"), fc.constantFrom(" + ", " - ", " * ", " / "), tie("sum"))
          .map(([a, operator, b]) => `(${a}${operator}${b})`),
        fc
          .tuple(
            leaf,
            fc.constantFrom(" + ", " - ", " * "),
            leaf,
            fc.constantFrom(" * ", " - "),
            leaf,
          )
          .map((parts) => parts.join("")),
      ),
    })).sum;
    fc.assert(
      fc.property(tree, (text) => {
        const expected = new Function(`return ${text}`)() as number;
        if (Number.isFinite(expected)) expect(number(String(text))).toBeCloseTo(expected, 6);
      }),
      { numRuns: 200 },
    );
  });
});

describe("quantities", () => {
  // robot at the origin facing +y; the cube 0.4 m to its right, the can 0.3 m ahead
  const at = situation({
    robot: [0, 0, Math.PI / 2],
    cube: [0.4, 0, Math.PI / 4, 0.2, -0.5],
    can: [0, 0.3],
    target: [0.4, 0.5, Math.PI / 4 + Math.PI / 2],
    pusher: [0, 0.145, Math.PI / 2],
  });

  it.each([
    ["distance(red-cube, target)", 0.5],
    ['distance("tall can", robot)', 0.3],
    ["distance(active, pusher)", 0.155],
    ["ahead(robot, active)", 0.3],
    ["left(robot, active)", 0],
    ["ahead(robot, anchor)", 0],
    ["left(robot, anchor)", -0.4],
    ["bearing(robot, red-cube) / 1 deg", -90],
    ["bearing(robot, active) / 1 deg", 0],
    // a cube looks the same after a quarter turn
    ["yaw_error(red-cube, target)", 0],
    ["yaw_error(red-cube, robot) / 1 deg", 45],
    ["yaw_error(active, robot)", 0],
    ["speed(anchor)", 0.2],
    ["turn_rate(anchor)", -0.5],
    // the can's rim is 0.3 - 0.075 from the robot's centre, the pusher's face at 0.145: 0.08
    ["clearance(robot, active)", 0.08],
    // the cube's corner reaches 0.075 * sqrt(2) = 0.10607 beyond 0.4; the wall is at 1.5
    ["clearance(red-cube, walls)", 1.5 - 0.4 - 0.10607],
  ])("%s is %f", (text, value) => {
    expect(number(text, at)).toBeCloseTo(value, 3);
  });

  it("says that a thing's words in quotes are a name, and bare ones a role first", () => {
    expect(number('speed("red-cube")', at)).toBe(0.2);
    expect(refusal('speed("anchor") < 1 m/s').message).toMatch(/There is no "anchor"/);
  });
});

describe("gaps", () => {
  const placed = (shape: "cube" | "cylinder" | "prism", x: number, y: number, yaw = 0) => {
    const outline = outlineOf(pushable(shape));
    const out = new Float64Array(outline.length * 2);
    placeOutline(outline, x, y, yaw, out);
    return out;
  };

  it("are measured from face to face, and from corner to face", () => {
    expect(gap_m(placed("cube", 0, 0), placed("cube", 0.25, 0))).toBeCloseTo(0.1, 12);
    // a corner at 0.25 - 0.075 * sqrt(2) against a face at 0.075
    const corner = gap_m(placed("cube", 0, 0), placed("cube", 0.25, 0, Math.PI / 4));
    expect(corner).toBeCloseTo(0.25 - 0.075 * Math.SQRT2 - 0.075, 12);
  });

  it("are zero exactly where outlines meet, and the same both ways round", () => {
    const shape = fc.constantFrom("cube" as const, "cylinder" as const, "prism" as const);
    const coordinate = fc.double({ min: -0.3, max: 0.3, noNaN: true });
    const turn = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(shape, shape, coordinate, coordinate, turn, (a, b, x, y, yaw) => {
        const [one, other] = [placed(a, 0, 0), placed(b, x, y, yaw)];
        const gap = gap_m(one, other);
        expect(gap).toBeCloseTo(gap_m(other, one), 12);
        // sampled points of both outlines are an outside estimate that can only be larger
        let sampled = Number.POSITIVE_INFINITY;
        for (const [px, py] of points(one)) {
          for (const [qx, qy] of points(other))
            sampled = Math.min(sampled, Math.hypot(px - qx, py - qy));
        }
        if (gap > 0) {
          expect(gap).toBeLessThanOrEqual(sampled + 1e-12);
          expect(sampled - gap).toBeLessThan(0.02);
        }
      }),
      { numRuns: 100 },
    );
  });

  function points(outline: Float64Array): [number, number][] {
    const found: [number, number][] = [];
    for (let i = 0; i < outline.length; i += 2) {
      const j = (i + 2) % outline.length;
      for (let t = 0; t < 1; t += 0.1) {
        found.push([
          outline[i] + t * (outline[j] - outline[i]),
          outline[i + 1] + t * (outline[j + 1] - outline[i + 1]),
        ]);
      }
    }
    return found;
  }
});

describe("conditions", () => {
  it("are true, false, or not known", () => {
    const known = situation({ robot: [0, 0], can: [0.1, 0] });
    expect(condition("distance(robot, active) < 20 cm", known)).toBe(1);
    expect(condition("distance(robot, active) > 20 cm", known)).toBe(0);
    expect(condition("distance(robot, anchor) < 20 cm", known)).toBeNaN();
  });

  it("follow Kleene: what decides decides, whatever else is not known", () => {
    const half = situation({ robot: [0, 0], can: [0.1, 0] });
    const [yes, no] = ["distance(robot, active) < 20 cm", "distance(robot, active) > 20 cm"];
    const open = "distance(robot, anchor) < 20 cm";
    expect(condition(`${no} and ${open}`, half)).toBe(0);
    expect(condition(`${open} and ${no}`, half)).toBe(0);
    expect(condition(`${yes} and ${open}`, half)).toBeNaN();
    expect(condition(`${yes} or ${open}`, half)).toBe(1);
    expect(condition(`${open} or ${yes}`, half)).toBe(1);
    expect(condition(`${no} or ${open}`, half)).toBeNaN();
    expect(condition(`not (${open})`, half)).toBeNaN();
  });

  it("are agreed with where a known length speaks for them, and nothing known against them", () => {
    const half = situation({ robot: [0, 0], can: [0.1, 0, 0, 0.1] });
    const [yes, no] = ["distance(robot, active) < 20 cm", "distance(robot, active) > 20 cm"];
    const open = "distance(robot, anchor) < 20 cm";
    const agrees = (text: string) => compileCondition(text, scope()).agrees(half);
    for (const text of [
      `${yes} and ${open}`,
      `not (${no} or ${open})`,
      `${no} or (${open} and ${yes})`,
      `${yes} and not (${open})`,
    ]) {
      expect(agrees(text), text).toBe(true);
    }
    for (const text of [
      open,
      `${open} and ${open}`,
      `${no} or ${open}`,
      `(${yes} and ${no}) or ${open}`,
      `not (${yes} and ${open})`,
      // neither says where anything is
      `speed(active) < 1 m/s and ${open}`,
      `true and ${open}`,
    ]) {
      expect(agrees(text), text).toBe(false);
    }
  });

  it("do not know where the walls are outside the world frame", () => {
    const seen = situation({ can: [0.1, 0] });
    seen.inWorld = Number.NaN;
    expect(condition("clearance(active, walls) < 1 m", seen)).toBeNaN();
  });
});

describe("refusals", () => {
  it.each([
    [
      "distanse(active, target) < 5 cm",
      0,
      /Unknown quantity "distanse"\. Quantities: .*distance\(a, b\)/,
    ],
    ["distance(active, gaol) < 5 cm", 17, /There is no "gaol"\. Things: .*"red-cube"/],
    ["distance(active, target) < 5 furlong", 29, /Unknown unit "furlong"\. Units: m, cm/],
    ["distance(active, target) < 15 deg", 25, /found m and rad/],
    ["distance(active, target) < 5", 25, /found m and a plain number/],
    ["speed(active) + distance(active, robot) < 1 m", 14, /found m\/s and m/],
    ["distance(active target) < 1 m", 16, /Expected "\)", found "target"/],
    ["distance(active, target < 1 m", 29, /Expected "\)", found the end/],
    ["distance(active, target) < 5 cm)", 31, /Expected an operator or the end/],
    ["speed(active) == 0 m/s", 14, /never equal/],
    ["visible(active) & visible(anchor)", 16, /Write "and"/],
    ["1 m < distance(robot, active) < 2 m", 30, /do not chain/],
    ["speed(target) < 1 m/s", 6, /needs a body/],
    ["visible(robot)", 8, /carries the camera/],
    ["distance(active, active) < 1 m", 17, /same one/],
    ["distance(active, walls) < 1 m", 17, /needs a body/],
    ["speed(active)", 0, /Expected a condition/],
    ["visible(active) and speed(active)", 20, /Expected a condition/],
    ["visible(active) + 1 < 2", 0, /Expected a number, found a condition/],
    ["active < 1", 0, /not a number by itself/],
    ["", 0, /found the end/],
    ["sqrt(2) < 1", 0, /Unknown quantity "sqrt"/],
    ["constructor(1) < 1", 0, /Unknown quantity "constructor"/],
    ["process.exit(1)", 7, /no meaning here/],
    ["min(1) < 2", 0, /takes 2 arguments/],
    ['speed("red-cube', 6, /does not end/],
  ])("%s: at character index %i", (text, at, message) => {
    const error = refusal(text);
    expect(error.message).toMatch(message);
    expect(error.at).toBe(at);
    // the caret stands under that character
    const lines = error.message.split("\n");
    expect(lines.at(-1)?.indexOf("^")).toBe(2 + at);
  });

  it("bound length, parts, depth and cost", () => {
    const sums = Array.from({ length: limits.nodes }, () => "1").join("+");
    expect(refusal(`${" ".repeat(limits.characters)}1 < 2`).message).toMatch(/characters/);
    expect(refusal(`${sums} < 2`).message).toMatch(/parts/);
    const deep = limits.depth + 1;
    expect(refusal(`${"(".repeat(deep)}1${")".repeat(deep)} < 2`).message).toMatch(/nested/);
    expect(refusal(`${"-".repeat(deep)}1 < 2`).message).toMatch(/nested/);
    const clearances = Math.ceil(MAX_COST / 60) + 1;
    const dear = Array.from({ length: clearances }, () => "clearance(active, robot)").join("+");
    expect(refusal(`${dear} < 1 m`).message).toMatch(/cheaper/);
  });

  it("never throw anything but a sentence, whatever the text", () => {
    const words = [
      ...quantities.map(({ name }) => name),
      ...Object.keys(functions),
      ..."( ) , < <= + - * / and or not 5 cm deg m/s robot active target walls".split(" "),
      '"tall can"',
      "\u0000",
      "=",
    ];
    const text = fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((w) => w.join(" "));
    const surroundings = scope();
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: "binary" })), (written) => {
        try {
          const { evaluate } = compileCondition(written, surroundings);
          expect([0, 1, Number.NaN]).toContain(evaluate(situation({})));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("leave only what can be measured, whatever is asked of which things", async () => {
    const base = assembled("push-pair");
    const [stage] = stagesOf({
      name: "a",
      active: "object",
      place: { anchor: "anchor", x_m: 0.3, y_m: 0 },
    });
    const planned = sceneFromPlan(base, { stages: [stage] });
    const watch = [-1, 0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [b, a] as const));
    const batch = await SceneBatch.create({
      scene: asScene({ ...planned, watch: watch.filter(([a, b]) => a !== b) }),
      envs: 1,
      seed: 1,
      purpose: "evaluation",
      groups: ["proprioception"],
    });
    batch.reset();
    const [{ active, target }] = plannedStages({ stages: [stage] }, base.cast);
    const surveyor = new Surveyor(base.cast);
    const out = createSituation(rowsOf(base.cast.bodies.map(({ name }) => name)));
    const surroundings = scopeOf(stage, base.cast);
    const thing = fc.constantFrom(...roleWords, "walls", '"anchor"', '"object"');
    const call = fc
      .tuple(fc.constantFrom(...quantities), thing, thing)
      .map(([{ name, takes }, a, b]) => `${name}(${[a, b].slice(0, takes.length).join(", ")})`);
    let measured = 0;
    fc.assert(
      fc.property(call, fc.constantFrom("", " > 0", " > 0 m", " > 0 rad"), (asked, than) => {
        let compiled: Expression;
        try {
          compiled = compileCondition(`${asked}${than}`, surroundings);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          return;
        }
        measured++;
        surveyor.measure(
          new Ground(batch.world),
          { active, target, uses: compiled.uses },
          [0, 0],
          out,
        );
        expect([0, 1]).toContain(compiled.evaluate(out));
      }),
      { numRuns: 1500 },
    );
    expect(measured).toBeGreaterThan(150);
    batch.free();
  });
});
