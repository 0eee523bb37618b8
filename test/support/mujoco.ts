/** MuJoCo as an independent physics engine to compare with. */

import loadMujoco from "@mujoco/mujoco";
import type { ProbeRow, PushProbe } from "../../sim/probe.ts";
import { type PushableName, prismCorners } from "../../sim/shape.ts";

const mujoco = await loadMujoco();

/** The probe without what only our own engine has. */
type OracleProbe = Omit<PushProbe, "physicsStep_s" | "contact">;

/** What may be changed to see whether MuJoCo agrees with itself. */
export interface OracleSettings {
  readonly stepsPerSecond?: number;
  /** Time in which a contact springs back (`solref`): MuJoCo's default is 0.02. */
  readonly contactTime_s?: number;
}

/**
 * The push probe in MuJoCo, as `test/fixtures/push-public.json` was made: 960 Hz (in six figures), elliptic friction
 * cones, impratio 10. The ball hangs on a slide joint whose velocity is set every step and weighs 1000 kg; a mocap ball
 * would have no velocity in the contacts.
 */
export function mujocoPush(probe: OracleProbe, settings: OracleSettings = {}): ProbeRow[] {
  const { stepsPerSecond = 960, contactTime_s = 0.02 } = settings;
  const model = mujoco.MjModel.from_xml_string(pushModel(probe, stepsPerSecond, contactTime_s));
  const data = new mujoco.MjData(model);
  const rows: ProbeRow[] = [];
  let yaw_rad = 0;
  for (let row = 1; row <= Math.round(probe.seconds * 10); row++) {
    for (let i = 0; i < stepsPerSecond / 10; i++) {
      (data.qvel as Float64Array)[0] = probe.speed_mps;
      mujoco.mj_step(model, data);
    }
    // qpos: slide joint, then x y z and the quaternion w x y z of the object
    const [, x_m, y_m, , w, x, y, z] = data.qpos as Float64Array;
    const angle = Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
    yaw_rad = angle + 2 * Math.PI * Math.round((yaw_rad - angle) / (2 * Math.PI));
    rows.push({ t_s: row / 10, x_m, y_m, yaw_rad });
  }
  data.delete();
  model.delete();
  return rows;
}

function pushModel(probe: OracleProbe, stepsPerSecond: number, contactTime_s: number): string {
  const { side_m, mass_kg, friction, offset_m, pusherRadius_m } = probe;
  const x = -(side_m / 2 + pusherRadius_m + 0.01);
  const { asset, geom } = geomOf(probe.shape, side_m);
  return `<mujoco>
    <option timestep="${(1 / stepsPerSecond).toPrecision(6)}" cone="elliptic" impratio="10"/>
    <default><geom friction="${friction} 0.005 0.0001" solref="${contactTime_s} 1"/></default>
    ${asset}
    <worldbody>
      <geom type="plane" size="5 5 0.1"/>
      <body pos="${x} ${offset_m} ${side_m / 2}">
        <joint type="slide" axis="1 0 0"/>
        <geom type="sphere" size="${pusherRadius_m}" mass="1000"/>
      </body>
      <body pos="0 0 ${side_m / 2}"><freejoint/><geom ${geom} mass="${mass_kg}"/></body>
    </worldbody>
  </mujoco>`;
}

function geomOf(shape: PushableName, side_m: number): { asset: string; geom: string } {
  const half = side_m / 2;
  if (shape === "cube") return { asset: "", geom: `type="box" size="${half} ${half} ${half}"` };
  if (shape === "cylinder") return { asset: "", geom: `type="cylinder" size="${half} ${half}"` };
  const corners = prismCorners(side_m).flatMap(([x, y]) => [x, y, -half, x, y, half]);
  const asset = `<asset><mesh name="prism" vertex="${corners.join(" ")}"/></asset>`;
  return { asset, geom: `type="mesh" mesh="prism"` };
}
