/**
 * Mutated frames against every protocol: none may crash it, move the robot, or go uncounted.
 *
 * `npx tsx bench/bridge-fuzz.ts [--frames 1000000] [--seed 1] [--target "part of a name"]`
 */

import { parseArgs } from "node:util";
import { ConfigError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { type FuzzReport, fuzz } from "./fuzz/target.ts";
import { fuzzTargets } from "./fuzz/targets.ts";
import { writeResults } from "./harness.ts";

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    target: { type: "string", default: "" },
  },
});

const targets = fuzzTargets.filter(({ name }) => name.includes(values.target));
if (targets.length === 0) {
  const names = fuzzTargets.map(({ name }) => name).join("; ");
  throw new ConfigError(`No target is called "${values.target}". Targets: ${names}.`);
}

const reports: (FuzzReport & { seconds: number })[] = [];
for (const target of targets) {
  const start = performance.now();
  const report = await fuzz(target, Number(values.frames), createRng(Number(values.seed)));
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  reports.push({ ...report, seconds });
  console.log(JSON.stringify({ ...report, seconds }, null, 2));
}

const headlines = reports.map(({ name, frames, accepted, motions, crashes }) => ({
  what: `mutated frames at ${name}`,
  value: `${frames.toLocaleString("en-US")} frames, ${accepted.toLocaleString("en-US")} still messages, ${crashes.length} crashes, ${motions} motions`,
}));
if (values.target === "") {
  const file = writeResults("bridge-fuzz", { seed: Number(values.seed), headlines, reports });
  console.log(`written to ${file}`);
}
const isSound = reports.every((report) => {
  const refused = Object.values(report.refused).reduce((sum, count) => sum + count, 0);
  const counted = refused + report.accepted === report.frames;
  return counted && report.motions === 0 && report.crashes.length === 0;
});
process.exit(isSound ? 0 : 1);
