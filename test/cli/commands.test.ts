import { existsSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { writeBundle } from "../../policies/bundle.ts";
import { scenes } from "../../sim/scenes/index.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { linearPolicy } from "../policies/tiny-policies.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf } from "../support/tiny-runs.ts";
import { runCommand } from "./run-command.ts";

const folder = temporaryFolder();
const run = (line: string) => runCommand(commands, line.split(" "));

describe("understudy scenes", () => {
  it("lists every scene", async () => {
    const { code, out } = await run("scenes --json");
    expect(code).toBe(0);
    const names = JSON.parse(out).map((scene: { name: string }) => scene.name);
    expect(names).toEqual(scenes.map((scene) => scene.name));
  });

  it("shows stages, observation groups and settings of one", async () => {
    const { name, stages, groups, settings } = JSON.parse(
      (await run("scenes reach-box --json")).out,
    );
    expect(name).toBe("reach-box");
    expect(stages).toEqual([{ name: "reach", budgetSteps: 150, terms: ["approach", "reach"] }]);
    // four points of three coordinates for the one box
    expect(groups).toContainEqual({ name: "keypoints:global", row: [12] });
    expect(groups).toContainEqual({ name: "poses:fov", row: [10] });
    expect(settings.map(({ path }: { path: string }) => path)).toContain("start_m");
  });

  it("refuses a scene that does not exist", async () => {
    const { code, out, err } = await run("scenes push-pari");
    expect(err).toMatch(
      /^Unknown scene "push-pari"\. .*push-pair\. One of .* --module FILE .*\.\n$/,
    );
    expect([code, out]).toEqual([1, ""]);
  });
});

describe("understudy env-server", () => {
  it.each(["reach-box", "push-cross"])(
    "serves every group that `scenes %s` lists",
    async (scene) => {
      const { groups } = JSON.parse((await run(`scenes ${scene} --json`)).out);
      const names = groups.map(({ name }: { name: string }) => name);
      const words = ["env-server", "--scene", scene, "--envs", "1", "--groups", names.join(",")];
      const { code, err } = await runCommand(
        commands,
        [...words, "--endpoint", "tcp://127.0.0.1:*"],
        AbortSignal.abort(),
      );
      expect(err).toMatch(/^serving /);
      expect(code).toBe(130);
    },
  );
});

describe("understudy probe push", () => {
  const probe = async (options: string) =>
    JSON.parse((await run(`probe push --json ${options}`.trim())).out);

  it.each(["planar", "coulomb"])("reports ten poses a second, %s", async (contact) => {
    const { rows } = await probe(`--offset_m 0 --seconds 1.5 --contact ${contact}`);
    expect(rows.map(({ t_s }: { t_s: number }) => t_s)).toEqual(
      Array.from({ length: 15 }, (_, i) => (i + 1) / 10),
    );
    // the ball needs 0.01 m to touch, then pushes at 0.2 m/s: 0.2 * 1.5 - 0.01 = 0.29 m, straight on
    const last = rows.at(-1);
    expect(last.x_m).toBeCloseTo(0.29, 1);
    expect(Math.abs(last.x_m - 0.29)).toBeLessThan(0.02);
    expect(Math.abs(last.yaw_rad)).toBeLessThan(0.05);
  });

  it.each(["planar", "coulomb"])("turns away from the side that is pushed, %s", async (contact) => {
    const left = await probe(`--offset_m 0.03 --contact ${contact}`);
    const right = await probe(`--offset_m -0.03 --contact ${contact}`);
    expect(left.rows.at(-1).yaw_rad).toBeLessThan(-0.3);
    expect(right.rows.at(-1).yaw_rad).toBeGreaterThan(0.3);
  });

  it("takes a step as a fraction or rounded", async () => {
    const exact = await probe("");
    expect((await probe("--physicsStep_s 1/60")).rows).toEqual(exact.rows);
    expect((await probe("--physicsStep_s 0.016667")).rows).toEqual(exact.rows);
    expect((await probe("--physicsStep_s 1/240")).rows).not.toEqual(exact.rows);
  });

  it("prints a table without --json", async () => {
    const { out } = await run("probe push --shape cylinder --seconds 0.2");
    expect(out.split("\n")[0]).toMatch(/^t_s +x_m +y_m +yaw_rad$/);
    expect(out.trim().split("\n")).toHaveLength(4);
  });

  it.each([
    ["probe", '"probe" needs what to probe, got nothing. Probes: push.'],
    ["probe pusch", 'got "pusch". Did you mean "push"?'],
    ["probe push --shape sphere", "must be one of cube, cylinder, prism"],
    ["probe push --mass_kg 0", 'Expected "mass_kg" above 0, got 0.'],
    ["probe push --physicsStep_s 0.03", "goes into 0.1 s a whole number of times"],
    ["probe push --seconds 1e9", '"--seconds" must be a number of at most 60'],
  ])("refuses %s", async (line, sentence) => {
    const { code, out, err } = await run(line);
    expect(err).toContain(sentence);
    expect([code, out]).toEqual([1, ""]);
  });
});

describe("understudy bench", () => {
  it("lists the benchmarks, without the files they share", async () => {
    const names = JSON.parse((await run("bench --json")).out);
    expect(names).toContain("physics");
    for (const name of ["harness", "learner", "shipped", "write-readme", "viewer-pictures"]) {
      expect(names).not.toContain(name);
    }
  });

  it("refuses one that does not exist", async () => {
    const { code, err } = await run("bench nope");
    expect(err).toMatch(/^Unknown benchmark "nope"\. Benchmarks: .*\n$/);
    expect(code).toBe(1);
  });
});

describe("understudy serve", () => {
  const root = temporaryFolder();

  it("listens until it is interrupted, then counts what it did", async () => {
    const folder = path.join(root, "linear");
    await writeBundle(folder, linearPolicy());
    const line = `serve --policy ${folder} --endpoint tcp://127.0.0.1:* --json`;
    const soon = AbortSignal.timeout(100);
    const { code, out, err } = await runCommand(commands, line.split(" "), soon);
    expect(err).toMatch(/^serving ".*" at tcp:\/\/127\.0\.0\.1:\d+\n$/);
    expect(JSON.parse(out)).toMatchObject({ observations: 0, actions: 0, refused: {} });
    expect(code).toBe(130);
  });

  it.each([
    ["127.0.0.1:7602", "does not say how to connect. Write something like tcp://"],
    ["tcp://127.0.0.1:99999", "Expected a port from 0 to 65535, or *, in"],
  ])("refuses to listen at %s", async (endpoint, says) => {
    const folder = path.join(root, "nowhere");
    await writeBundle(folder, linearPolicy());
    const { code, err } = await run(`serve --policy ${folder} --endpoint ${endpoint}`);
    expect(err).toContain(says);
    expect(code).toBe(1);
  });

  it("refuses a bundle that is not there, truncated, or open to the world", async () => {
    const missing = await run(`serve --policy ${path.join(root, "none")}`);
    expect(missing.err).toMatch(/^There is no policy bundle at .*\n$/);
    const folder = path.join(root, "truncated");
    await writeBundle(folder, linearPolicy());
    const open = await run(`serve --policy ${folder} --endpoint tcp://0.0.0.0:5999`);
    expect(open.err).toMatch(/^.*0\.0\.0\.0.*\.\n$/);
    truncateSync(path.join(folder, "policy.onnx"), 20);
    const truncated = await run(`serve --policy ${folder}`);
    expect(truncated.err).toMatch(/has 20 bytes/);
    for (const { code, out } of [missing, open, truncated]) expect([code, out]).toEqual([1, ""]);
  });
});

const toZoo = "evaluate --scene push-pair --policy policies/zoo/push-pair";
it.each([
  ["train --scene push-pair", "student.latent=8", "distill"],
  ["train --scene push-cross --preset quick", "onward.iterations=3", "train --onward"],
  ["train --scene push-pair --onward", "teacher.gamma=0.9", "train"],
  [toZoo, "teacher.gamma=0.9", "train"],
  [
    "record --scene push-pair --policy policies/zoo/push-pair --out no.mcap",
    "fineTune.clip=0.1",
    "fine-tune",
  ],
  ["env-server --scene push-pair", "student.latent=8", "distill"],
  ["robot-sim --scene push-pair", "teacher.gamma=0.9", "train"],
])("%s refuses --set %s, which is another command's", async (line, assignment, whose) => {
  const { code, err } = await run(`${line} --set ${assignment}`);
  const [path] = assignment.split("=");
  expect([code, err]).toEqual([
    1,
    `"${path}" decides nothing here: it is how "understudy ${whose}" learns. Leave it out.\n`,
  ]);
  // nor does its help offer it; that of train has both courses
  const { out } = await run(`${line} --help`);
  const offers = new RegExp(`^  ${path.replace(".", "\\.")}\\b`, "m").test(out);
  expect(offers).toBe(line.startsWith("train") && !path.startsWith("student"));
});

it("evaluate refuses a contact mode of another engine, and leaves no empty folder where it is interrupted", async () => {
  const other = await run(`${toZoo} --engine mujoco --set contact=coulomb`);
  expect([other.code, other.err]).toEqual([
    1,
    '"contact" decides nothing here: --engine mujoco has contacts of its own. Leave it out.\n',
  ]);
  const replays = path.join(folder, "never");
  const words = [...toZoo.split(" "), "--replays", replays, "--episodes", "4"];
  const { err } = await runCommand(commands, words, AbortSignal.abort());
  expect(err).toContain("Interrupted: the first 0 of 4 starts were evaluated.");
  expect(existsSync(replays)).toBe(false);
});

it("probe push refuses a ball that passes by", async () => {
  const { code, err } = await run("probe push --offset_m 5");
  expect(code).toBe(1);
  expect(err).toMatch(
    /^Expected "offset_m" within 0\.\d+ m of the middle, or the ball passes by, got 5\.\n$/,
  );
});

it("train --onward wants a teacher, and settings to go on with", async () => {
  const { code, err } = await runCommand(commands, ["train", "--scene", "reach-box", "--onward"]);
  expect(err).toMatch(/^--onward wants a teacher and settings to go on with\./);
  expect(code).toBe(1);
});

it("train says that nothing is saved where it is interrupted in its first span, and what is where it is not", async () => {
  const out = path.join(folder, "interrupted.ckpt");
  const words = ["train", "--scene", "push-pair", "--preset", "smoke", "--out", out];
  const trained = async (spanIterations: number, ...more: string[]) => {
    const span = `teacher.spanIterations=${spanIterations}`;
    return runCommand(commands, [...words, "--set", span, ...more], AbortSignal.abort());
  };
  expect((await trained(2)).out).toBe(
    `Teacher of "push-pair" is not in ${out} yet: it was stopped before it was saved for the first time. The same command begins it anew; let it run for longer.\n`,
  );
  expect(JSON.parse((await trained(2, "--json")).out)).toEqual({ checkpoint: null, iteration: 0 });
  expect(existsSync(out)).toBe(false);
  const saved = JSON.parse((await trained(1, "--json")).out);
  // 64 environments, 16 steps each
  expect(saved).toMatchObject({ checkpoint: out, iteration: 1, environmentSteps: 64 * 16 });
  expect(readTeacher(out).progress).toMatchObject({ iteration: 1 });
  // from there into the second span, and back to its beginning
  expect(JSON.parse((await trained(3, "--json")).out)).toEqual(saved);
}, 60_000);

it("evaluate tells how each episode ended", async () => {
  const bundle = path.join(folder, "fresh");
  await saveFreshStudent(bundle, simulationOf("reach-box"));
  const line = `evaluate --scene reach-box --policy ${bundle} --episodes 2 --workers 1 --json`;
  const { out } = await run(`${line} --set scene.budgetSteps=2`);
  const end = { outcome: "timed out", stagesDone: 0, steps: 2 };
  const episodes = [0, 1].map((start) => ({ start, ...end }));
  expect(JSON.parse(out)).toMatchObject({ stages: ["reach"], episodes });
}, 60_000);

describe("a file in the place of a folder", () => {
  const file = path.join(folder, "file");
  const pair = "evaluate --scene push-pair --policy policies/zoo/push-pair --episodes 1";
  it.each([
    `start --preset smoke --out ${file}`,
    `train --scene push-pair --preset smoke --out ${file}/t.ckpt`,
    `${pair} --replays ${file}`,
    `keys robot-1 --folder ${file}`,
    `plan words --scene push-pair --out ${file}/plan.json`,
  ])("is refused before any work by %s", async (line) => {
    writeFileSync(file, "");
    const { code, out, err } = await run(line);
    expect([code, out, err]).toEqual([
      1,
      "",
      `Cannot use "${file}": something else lies there already.\n`,
    ]);
  });
});

it.skipIf(process.platform !== "linux")(
  "train refuses a place where no folder can be",
  async () => {
    const { code, err } = await run("train --scene push-pair --out /proc/none/t.ckpt");
    expect([code, err]).toEqual([
      1,
      'Cannot make the folder "/proc/none": no folder can be made in "/proc".\n',
    ]);
  },
);

it.each(["distill --teacher policies/zoo/push-pair", "export --student policies/zoo/push-pair"])(
  "%s says that a bundle is no checkpoint",
  async (line) => {
    const { code, err } = await run(line);
    expect([code, err]).toEqual([
      1,
      'Expected the file of a checkpoint, but "policies/zoo/push-pair" is the folder of a bundle. Give a file that a training wrote (.ckpt).\n',
    ]);
  },
);
