/**
 * Success of the policies that ship, on starts never trained on: `npx tsx bench/zoo.ts`, or of some of them,
 * `npx tsx bench/zoo.ts zoo/push-line teachers/push-cross.ckpt`.
 */

import { evaluateLink, evaluationFacts } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { Progress } from "../cli/progress.ts";
import { withChanges } from "../core/config.ts";
import { pooled } from "../core/statistics.ts";
import { WorkerPool } from "../rollout/pool.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { findScene } from "../sim/scenes/index.ts";
import { writeResults } from "./harness.ts";
import { unseenArrangements } from "./learning/arrangements.ts";
import { caveatOf, commandFor, measureShipped, SEED, type Shipped } from "./shipped.ts";

const asked = {
  results: "zoo",
  folders: ["zoo", "students", "teachers"],
  names: process.argv.slice(2),
  episodes: 1024,
} as const;

const pool = new WorkerPool();
const policies = await measureShipped(asked, measure);
await pool.close();
const headlines = [
  ...policies.map(({ world, success, ...row }) => headline(row, world, success)),
  ...togetherUnseen(),
];
const command = commandFor(asked, policies);
writeResults("zoo", { command, headlines, seed: SEED, policies });

async function measure({ name, policy, simulation }: Shipped) {
  const worlds = worldsOf(simulation);
  const progress = new Progress(worlds.map(({ world }) => `${name}, ${world}`));
  const rows = [];
  for (const { world, ...spec } of worlds) {
    const chain = { simulation: spec.simulation, pool, progress };
    const options = { episodes: asked.episodes, ...(policy.theta && { theta: policy.theta }) };
    const found = await evaluateLink(chain, `${name}, ${world}`, policy.actor, options);
    rows.push({ world, ...evaluationFacts(found) });
  }
  return rows;
}

/** Where a policy is tried: in contacts of both kinds and, told arrangements, in some that no training has. */
function worldsOf(simulation: SimulationSpec) {
  const contacts = (["planar", "coulomb"] as const).map((contact) => ({
    world: `${contact} contacts`,
    simulation: { ...simulation, contact },
  }));
  if (simulation.scene !== "push-arrangement") return contacts;
  const { config: schema } = findScene(simulation.scene);
  const arrangements = unseenArrangements.map(({ name, scene }) => ({
    world: unseen(name),
    simulation: {
      ...simulation,
      config: schema.parse(withChanges(simulation.config as Record<string, unknown>, scene)),
    },
  }));
  return [...contacts, ...arrangements];
}

function unseen(arrangement: string): string {
  return `never trained on: ${arrangement}`;
}

/** All arrangements never trained on, taken together. */
function togetherUnseen() {
  const worlds = unseenArrangements.map(({ name }) => unseen(name));
  const rows = policies.filter(({ world }) => worlds.includes(world));
  if (rows.length === 0) return [];
  const success = pooled(rows.map((row) => row.success));
  return [headline(rows[0], unseen(`all ${rows.length}`), success)];
}

function headline(
  { name, asked: known }: { readonly name: string; readonly asked?: string },
  world: string,
  success: Parameters<typeof formatProportion>[0],
) {
  const who = name.startsWith("teachers/") ? "teacher" : "student";
  return {
    what: `policies/${name}, ${who}, ${world}`,
    value: formatProportion(success),
    against: caveatOf({ ...(known && { asked: known }) }),
  };
}
