import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TeacherSpec, teacherNetwork } from "../../policies/networks/teacher.ts";
import { Critic } from "../../rollout/critic.ts";
import { createRollout } from "../../rollout/rollout.ts";

const spec: TeacherSpec = {
  kind: "teacher",
  points: { active: 4 },
  privileged: 3,
  actions: 2,
  latent: 4,
  hidden: 5,
};

/** A critic that is linear for small numbers: 1000 tanh(tanh(x / 1000)) of the second column x. */
function secondColumn(): Float32Array {
  const { params } = teacherNetwork(spec);
  const theta = new Float32Array(params.size);
  const set = (name: string, row: number, column: number, value: number) => {
    const { at, shape } = params.offsetOf(name);
    theta[at + row * shape[1] + column] = value;
  };
  set("critic.1.w", 1, 3, 1e-3);
  set("critic.2.w", 3, 0, 1);
  set("critic.value.w", 0, 0, 1e3);
  return theta;
}

/** Rows [0, value, 9]. */
const rowsOf = (values: readonly number[]) => Float32Array.from(values.flatMap((x) => [0, x, 9]));
const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 1));

describe("Critic", () => {
  const theta = secondColumn();
  let critic: Critic;
  beforeAll(async () => {
    critic = await Critic.create(teacherNetwork(spec).params, spec.privileged, 4);
  });
  afterAll(() => critic.close());

  it.each([1, 3, 4, 5, 9])("values %i rows, in batches of 4", async (count) => {
    const values = Array.from({ length: count }, (_, i) => i - 2);
    expect([...(await critic.values(theta, rowsOf(values)))]).toEqual(close(values));
  });

  it("values what follows boundaries by what was seen last, and the last step by what comes now", async () => {
    const shape = {
      steps: 3,
      envs: 2,
      actions: 2,
      rows: { privileged: 3 },
      finals: ["privileged"],
    };
    const rollout = createRollout(shape);
    // the first environment ended at t = 0, the second at t = 2, the last step
    rollout.boundaries.set([1, 0, 0, 0, 0, 1]);
    rollout.finals.privileged.set(rowsOf([10, 11, 12, 13, 14, 15]));
    rollout.last.privileged.set(rowsOf([20, 21]));
    const next = [...(await critic.nextValues(theta, rollout))];
    expect([next[0], next[4], next[5]]).toEqual(close([10, 20, 15]));
  });

  it("assigns credit by the formula it is given, and standardizes the advantages alone", async () => {
    const { params } = teacherNetwork(spec);
    const greedy = await Critic.create(params, spec.privileged, 4, (input, advantages, returns) => {
      // each reward is all that its action was worth
      advantages.set(input.rewards);
      returns.forEach((_, i) => {
        returns[i] = input.gamma * input.rewards[i];
      });
    });
    const rows = { privileged: 3 };
    const finals = ["privileged"];
    const rollout = createRollout({ steps: 2, envs: 1, actions: 2, rows, finals });
    rollout.rewards.set([1, 3]);
    const credit = await greedy.credit(theta, rollout, { gamma: 0.5, lambda: 0.9 });
    // mean 2, standard deviation 1
    expect([...credit.advantages]).toEqual([-1, 1]);
    expect([...credit.returns]).toEqual([0.5, 1.5]);
    await greedy.close();
  });

  it("needs no boundary", async () => {
    const shape = {
      steps: 1,
      envs: 1,
      actions: 2,
      rows: { privileged: 3 },
      finals: ["privileged"],
    };
    const rollout = createRollout(shape);
    rollout.last.privileged.set(rowsOf([7]));
    expect([...(await critic.nextValues(theta, rollout))]).toEqual(close([7]));
  });
});
