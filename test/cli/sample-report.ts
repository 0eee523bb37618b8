/** A report with something in every part. */

import type { RunReport } from "../../cli/report-data.ts";
import { wilson } from "../../core/statistics.ts";

const steps = Array.from({ length: 600 }, (_, i) => (i + 1) * 8192);
const rising = (half: number) =>
  steps.map((x, i) => [x, x / (x + half) + 0.03 * Math.sin(i * 1.7)] as const);

export const sampleReport: RunReport = {
  title: "push-pair",
  summary: "Teacher, student and deployed student, trained from nothing.",
  results: [
    {
      name: "teacher",
      success: wilson(498, 512),
      measures: [{ label: "Collisions", value: "0.02" }],
      failures: { "time limit": 9, "touched the anchor": 4, "left the arena": 1 },
    },
    {
      name: "student",
      success: wilson(461, 512),
      measures: [
        { label: "Collisions", value: "0.08" },
        { label: "Time, failures as budget", value: "21.4 s" },
      ],
      failures: { "time limit": 40, "lost sight of <box>": 11 },
    },
    { name: "deployed", success: wilson(455, 512), failures: {} },
  ],
  phases: [
    { name: "teacher", wall_s: 251.3, done: 6_200_000, unit: "steps" },
    { name: "student", wall_s: 190.2, done: 800_000, unit: "steps" },
    { name: "export", wall_s: 1.4, done: 1, unit: "file" },
    { name: "evaluate", wall_s: 42, done: 1536, unit: "episodes" },
  ],
  curves: [
    {
      title: "Success",
      x: "environment steps",
      isShare: true,
      target: 0.95,
      series: [
        { name: "teacher", points: rising(400_000) },
        { name: "student", points: rising(1_200_000) },
      ],
    },
    {
      title: "Return",
      x: "environment steps",
      series: [{ name: "teacher", points: rising(9e5).map(([x, y]) => [x, y * 21 - 4]) }],
    },
    {
      title: "KL",
      x: "environment steps",
      series: [{ name: "teacher", points: rising(9e5).map(([x, y]) => [x, 0.02 - y * 0.013]) }],
    },
    {
      title: "Entropy",
      x: "environment steps",
      series: [{ name: "teacher", points: [[0, Number.NaN]] }],
    },
  ],
  facts: [
    { label: "command", value: "understudy start --seed 3" },
    { label: "action latency", value: "p50 1.1 ms, p99 2.9 ms" },
    { label: "machine", value: "Some CPU @ 2.1 GHz, 2 cores, Node 20.20.2" },
  ],
  links: [
    { label: "policy bundle", href: "bundle/policy.json", note: "ONNX and manifest" },
    { label: "replay 7", href: "replays/episode 7.json" },
  ],
  config: { ppo: { gamma: 0.99, note: "</pre><script>" } },
};
