/**
 * Carrying plans out under the eye of the monitor: three objects at an anchor, driven by the scripted
 * pusher, undisturbed and with a placed object dragged away, with and without anybody who watches.
 *
 * npx tsx bench/planner-monitor.ts [episodes]
 */

import { formatPercent, formatProportion } from "../cli/format.ts";
import { median, wilson } from "../core/statistics.ts";
import { type ExecutionConfig, usualExecution } from "../llm-planner/execution/execution.ts";
import { executeInSimulation, type Moment } from "../llm-planner/execution/simulated.ts";
import { planAnswerSchema } from "../llm-planner/plan.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import { writeResults } from "./harness.ts";

const episodes = Number(process.argv[2] ?? 48);

const scene = findScene("push-cross");
const base = assembleScene(scene);
const plan = planAnswerSchema.parse({
  stages: [0.25, 0, -0.25].map((x_m, i) => ({
    name: `stage-${i + 1}`,
    active: `object ${i + 1}`,
    place: { anchor: "anchor", x_m, y_m: i === 1 ? 0.25 : 0 },
  })),
});

/** One attempt at each stage, and no look back. */
const unwatched: ExecutionConfig = {
  ...usualExecution,
  undoneLooks: Number.POSITIVE_INFINITY,
  attempts: 1,
};

interface Run {
  readonly successes: number;
  readonly detected: number;
  readonly disturbed: number;
  readonly delays: readonly number[];
}

async function runs(config: ExecutionConfig, disturb: boolean): Promise<Run> {
  let [successes, detected, disturbed] = [0, 0, 0];
  const delays: number[] = [];
  for (let seed = 0; seed < episodes; seed++) {
    let draggedAt: number | undefined;
    const meanwhile = ({ step, events, batch }: Moment) => {
      if (!disturb || draggedAt !== undefined) return;
      if (!events.some(({ kind, stage }) => kind === "done" && stage === "stage-1")) return;
      draggedAt = step;
      // row 2 is object 1; the corner is far from everything
      batch.world.place(0, 2, 1.2, 1.2, 0.3);
    };
    const result = await executeInSimulation({
      base,
      plan,
      seed,
      maxSteps: 2400,
      config,
      meanwhile,
    });
    if (result.success) successes++;
    if (draggedAt === undefined) continue;
    disturbed++;
    const noticed = result.events.find(({ kind }) => kind === "undone");
    if (!noticed) continue;
    detected++;
    delays.push(noticed.step - draggedAt);
  }
  return { successes, detected, disturbed, delays };
}

const cases = [];
for (const [name, config, disturb] of [
  ["undisturbed, unwatched", unwatched, false],
  ["undisturbed, watched", usualExecution, false],
  ["an object dragged away, unwatched", unwatched, true],
  ["an object dragged away, watched", usualExecution, true],
] as const) {
  const { successes, detected, disturbed, delays } = await runs(config, disturb);
  const success = wilson(successes, episodes);
  const entry = {
    name,
    success,
    ...(disturb ? { disturbed, detected, medianDelaySteps: median(delays) } : {}),
  };
  cases.push(entry);
  console.log(JSON.stringify(entry));
}
const [, , unwatchedDragged, watchedDragged] = cases;
const headlines = [
  {
    what: "an object dragged away while a plan is carried out: success, watched",
    value: formatProportion(watchedDragged.success),
    against: `unwatched ${formatPercent(unwatchedDragged.success.rate)}`,
  },
];
console.log(writeResults("planner-monitor", { headlines, episodes, cases }));
