/**
 * The three processes of a deployment as the fault bench runs them: `roles.ts policy|robot|supervisor`.
 * The robot puts the time of its observation into the state, the policy passes it on as a turn rate, and
 * the limits are so wide that the actuators are told that very number: whoever reads it knows its age.
 */

import { monotonic_s } from "../../bridge/clock.ts";
import { servePolicy } from "../../bridge/policy-server.ts";
import { connectRobot } from "../../bridge/robot-client.ts";
import { supervisorSchema } from "../../bridge/supervisor/config.ts";
import { connectSupervisor } from "../../bridge/supervisor/link.ts";
import { supervise } from "../../bridge/supervisor/server.ts";
import { completeManifest } from "../../policies/bundle.ts";
import { inSiUnits } from "../../policies/manifest.ts";
import { loadPolicyBytes } from "../../policies/runtime/node.ts";
import { linearPolicy } from "../../test/policies/tiny-policies.ts";

/** Times are told apart within so many seconds. */
const cycle_s = 2;
/** Full scale of the turn rate, rad/s, of the linear policy's output. */
const turn_radps = 2.84;
/** What the policy makes of the states below, m/s. */
export const cruise_mps = 0.2;

/** Share of full scale, from 0.1 to 0.9, that stands for a time. */
function codeOf(time_s: number): number {
  return 0.1 + (0.8 * (time_s % cycle_s)) / cycle_s;
}

/** Age of the observation behind a turn rate that is executed at `now_s`. */
export function ageOf(turn: number, now_s: number): number {
  const sent_s = (((turn / turn_radps - 0.1) / 0.8) * cycle_s + cycle_s) % cycle_s;
  return (((now_s - sent_s) % cycle_s) + cycle_s) % cycle_s;
}

const { onnx, manifest: draft } = linearPolicy();
const manifest = completeManifest(draft, onnx);

async function policy(endpoint: string): Promise<void> {
  await servePolicy({ policy: await loadPolicyBytes(manifest, onnx), endpoint });
  process.send?.("ready");
}

async function robot(policyEndpoint: string, supervisorEndpoint: string): Promise<void> {
  process.send?.("ready");
  const columns = ["forward", "turn"];
  const [link, base] = await Promise.all([
    connectRobot({ manifest, endpoint: policyEndpoint, connectTimeout_s: 60 }),
    connectSupervisor({ lane: "policy", columns, endpoint: supervisorEndpoint, timeout_s: 60 }),
  ]);
  setInterval(() => {
    // the policy's action is [x + 2y, 0.5 - z]
    link.observe({ state: Float32Array.of(0.5, 0, 0.5 - codeOf(monotonic_s())) });
  }, 50);
  setInterval(() => {
    base.command(inSiUnits(manifest.output, link.commandOf(0)), link.timeLeft_s(0));
  }, 20);
}

async function supervisor(endpoint: string, stopEndpoint: string): Promise<void> {
  const wide = { acceleration: 10_000, jerk: 1_000_000, quantum: 0 };
  const config = supervisorSchema.parse({
    columns: { forward: { speed: 0.4, ...wide }, turn: { speed: turn_radps, ...wide } },
    disarmAfter_s: 3600,
  });
  const actuators = { write: (command: readonly number[]) => process.send?.(command), close() {} };
  await supervise({ config, actuators, endpoint, stopEndpoint, isArmed: true });
  process.send?.("ready");
}

if (process.argv[1] === import.meta.filename) {
  const [role, first, second] = process.argv.slice(2);
  process.on("disconnect", () => process.exit());
  await { policy, robot, supervisor }[role as "robot"](first, second);
}
