/**
 * The main job, as `npm start` does it: from nothing to a student driving over ZeroMQ.
 * `npx tsx bench/start.ts` keeps the figures that the run printed.
 */

import { once } from "node:events";
import { formatDuration, formatInteger, formatProportion } from "../cli/format.ts";
import type { Proportion } from "../core/statistics.ts";
import { spawnUnderstudy, textOf, writeResults } from "./harness.ts";

interface StartReport {
  readonly scene: string;
  readonly seed: number;
  readonly success: Readonly<Record<string, Proportion>>;
  readonly environmentSteps: { readonly teacher: number; readonly student: number };
  readonly deployed: {
    readonly latencyP50_ms: number;
    readonly latencyP99_ms: number;
    readonly latencyActions: number;
  };
  readonly phases: readonly { readonly name: string; readonly wall_s: number }[];
  readonly total_s: number;
}

const words = ["start", "--json", ...process.argv.slice(2)];
const child = spawnUnderstudy(words, ["ignore", "pipe", "inherit"]);
const said = textOf(child);
const [code] = await once(child, "close");
if (code !== 0) process.exit(code ?? 1);

const found = JSON.parse(said()) as StartReport;
const { scene, success, environmentSteps, deployed, phases, total_s } = found;
const headlines = [
  ...Object.entries(success).map(([who, share]) => ({
    what: `${scene} from nothing: ${who}`,
    value: `${formatProportion(share)}, one seed`,
  })),
  {
    what: `${scene} from nothing: wall-clock, deployment included`,
    value: `${formatDuration(total_s)} (teacher ${formatInteger(environmentSteps.teacher)} steps, student ${formatInteger(environmentSteps.student)})`,
    // set for what `npm start` does unasked
    ...(words.length === 2 ? { against: "target 10:00" } : {}),
  },
  {
    what: "action latency over ZeroMQ, one robot, p50 / p99",
    value: `${deployed.latencyP50_ms.toFixed(2)} / ${deployed.latencyP99_ms.toFixed(2)} ms, of ${deployed.latencyActions} actions, one episode`,
  },
];
writeResults("start", {
  headlines,
  scene,
  seed: found.seed,
  success,
  environmentSteps,
  deployed,
  phases,
  total_s,
});
