import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { openActor } from "../../rollout/actor.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { studentActor, studentSpec } from "../../student/student.ts";
import { simulationOf, tinyStudent } from "../support/tiny-runs.ts";

it("a policy with memory remembers within an episode, and forgets with its end", async () => {
  const [envs, steps, budgetSteps] = [2, 6, 3];
  const simulation = simulationOf("reach-box", { config: { budgetSteps } });
  const spec = studentSpec(simulation, { ...tinyStudent, memory: 4 });
  const rng = createRng(1);
  const { params } = studentNetwork(spec);
  const theta = params.init(rng).map((weight) => weight + 0.2 * rng.normal());
  const pool = new WorkerPool(1);
  const collector = await pool.openCollector({
    simulation,
    actor: studentActor(spec),
    envs,
    shardEnvs: envs,
    steps,
    groups: ["layers", "proprioception"],
    finals: [],
  });
  await collector.collect(theta, {});
  const { groups, actions, boundaries } = collector.rollout;
  await pool.close();

  // the same observations once more, by a policy that has seen nothing before each
  const forgetful = await openActor(studentActor(spec), envs, simulation);
  const same: boolean[] = [];
  for (let t = 0; t < steps; t++) {
    const at = (group: "layers" | "proprioception") => {
      const size = groups[group].length / steps;
      return groups[group].slice(t * size, (t + 1) * size);
    };
    forgetful.reset();
    const fresh = await forgetful.act(theta, {
      layers: at("layers"),
      proprioception: at("proprioception"),
    });
    const taken = actions.subarray(t * envs * 2, (t + 1) * envs * 2);
    same.push(fresh.every((x, i) => Math.abs(x - taken[i]) < 1e-6));
  }
  expect(same).toEqual([true, false, false, true, false, false]);
  expect([...boundaries]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1]);
  await forgetful.close();
});
