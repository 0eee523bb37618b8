/**
 * How far pushing agrees with MuJoCo over cases drawn at random, and how far MuJoCo agrees with itself when its time step
 * or the stiffness of its contacts changes: `npx tsx bench/push.ts`. The figures of docs/decisions/contact-modes.md.
 */

import { createRng } from "../core/rng.ts";
import { median } from "../core/statistics.ts";
import { defaultPushProbe, type ProbeRow, type PushProbe, probePush } from "../sim/probe.ts";
import { mujocoPush, type OracleSettings } from "../test/support/mujoco.ts";
import { writeResults } from "./harness.ts";

const CASES = 180;
const shapes = ["cube", "cylinder", "prism"] as const;
/** What the main issue allows at 1 s: yaw as a share of MuJoCo's or 0.1 rad, and position. */
const allowed = { planar: 0.3, coulomb: 0.25, yaw_rad: 0.1, position_m: 0.025 };

const rng = createRng(7);
const pick = <T>(items: readonly T[]): T => items[Math.floor(rng.next() * items.length)];
const cases: PushProbe[] = Array.from({ length: CASES }, (_, i) => {
  const side_m = pick([0.1, 0.12, 0.15]);
  const side = rng.next() < 0.5 ? -1 : 1;
  return {
    ...defaultPushProbe,
    shape: shapes[i % shapes.length],
    side_m,
    mass_kg: pick([0.2, 0.4, 0.7, 1]),
    friction: rng.uniform(0.3, 0.7),
    offset_m: side * rng.uniform(0.08, 0.32) * side_m,
    speed_mps: rng.uniform(0.1, 0.3),
    pusherRadius_m: pick([0.02, 0.03, 0.04]),
  };
});
const oracles = cases.map((probe) => last(mujocoPush(probe)));

const agreement = (["planar", "coulomb"] as const).flatMap((contact) =>
  shapes.map((shape) => ({
    contact,
    shape,
    ...compare(shape, allowed[contact], (probe) => last(probePush({ ...probe, contact }).rows)),
  })),
);
const settings: readonly (OracleSettings & { readonly name: string })[] = [
  { name: "half the time step", stepsPerSecond: 1920 },
  { name: "an eighth of the time step", stepsPerSecond: 7680 },
  { name: "stiffer contacts", stepsPerSecond: 3840, contactTime_s: 0.0045 },
];
const convergence = settings.flatMap(({ name, ...oracle }) =>
  shapes.map((shape) => ({
    name,
    shape,
    ...compare(shape, allowed.coulomb, (probe) => last(mujocoPush(probe, oracle))),
  })),
);
const missesOf = (rows: readonly { readonly misses: number }[]) =>
  rows.reduce((sum, row) => sum + row.misses, 0);
const themselves = convergence.filter(({ name }) => name === settings[0].name);
const headlines = (["planar", "coulomb"] as const).map((contact) => {
  const rows = agreement.filter((row) => row.contact === contact);
  const limits = `yaw within ${100 * allowed[contact]} % or ${allowed.yaw_rad} rad, place within ${1000 * allowed.position_m} mm`;
  return {
    what: `random pushes that agree with MuJoCo after 1 s, ${contact} contacts: ${limits}`,
    value: `${CASES - missesOf(rows)} of ${CASES}`,
    against: `MuJoCo with half its time step, limits of coulomb: ${CASES - missesOf(themselves)}`,
  };
});
const file = writeResults("push", { headlines, cases: CASES, allowed, agreement, convergence });
for (const { contact, shape, misses, of, worstYaw, worstPosition } of agreement) {
  console.log(
    `${contact} ${shape}: ${misses} of ${of} miss; worst ${worstYaw} and ${worstPosition}`,
  );
}
for (const { name, shape, misses, of, worstYaw, worstPosition } of convergence) {
  console.log(`MuJoCo, ${name}, ${shape}: ${misses} of ${of}; ${worstYaw} and ${worstPosition}`);
}
console.log(file);

/** Misses of one shape, the worst as multiples of what is allowed, and by how much yaw is larger than MuJoCo's. */
function compare(shape: string, share: number, run: (probe: PushProbe) => ProbeRow) {
  const yaw: number[] = [];
  const position: number[] = [];
  const larger: number[] = [];
  for (const [i, probe] of cases.entries()) {
    if (probe.shape !== shape) continue;
    const [row, oracle] = [run(probe), oracles[i]];
    const limit_rad = Math.max(allowed.yaw_rad, share * Math.abs(oracle.yaw_rad));
    yaw.push(Math.abs(row.yaw_rad - oracle.yaw_rad) / limit_rad);
    position.push(Math.hypot(row.x_m - oracle.x_m, row.y_m - oracle.y_m) / allowed.position_m);
    larger.push(row.yaw_rad / oracle.yaw_rad - 1);
  }
  const misses = yaw.filter((value, i) => Math.max(value, position[i]) > 1).length;
  const rounded = (value: number) => Number(value.toFixed(2));
  return {
    misses,
    of: yaw.length,
    worstYaw: rounded(Math.max(...yaw)),
    worstPosition: rounded(Math.max(...position)),
    medianYawLarger: rounded(median(larger)),
  };
}

function last<T>(items: readonly T[]): T {
  return items[items.length - 1];
}
