/** `understudy probe push`: what the physics does with one push, to compare with other engines. */

import { ConfigError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { type PushProbe, probePush, defaultPushProbe as usual } from "../../sim/probe.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatTable } from "../table.ts";

const probes = ["push"];

export const probe = defineCommand({
  examples: [
    ["probe push --offset_m 0.03", "push a cube three centimetres beside its middle"],
    ["probe push --shape cylinder --contact coulomb --json", "in full 3-D, as JSON"],
  ],
  positionals: ["push"],
  options: {
    shape: {
      type: "string",
      choices: ["cube", "cylinder", "prism"],
      default: usual.shape,
      description: "what is pushed",
    },
    side_m: number("side_m", "its side; of a cylinder, diameter and height"),
    mass_kg: number("mass_kg", "its mass"),
    friction: number("friction", "between it and the floor, and it and the ball"),
    offset_m: number("offset_m", "how far left (+y) of its centre the ball pushes"),
    speed_mps: number("speed_mps", "speed of the ball, along +x"),
    pusherRadius_m: number("pusherRadius_m", "radius of the ball"),
    // the loop below does not hear Ctrl-C, so it has to be short
    seconds: { ...number("seconds", "how long"), max: 60 },
    physicsStep_s: { ...number("physicsStep_s", "time step of the engine"), min: 1e-4 },
    contact: {
      type: "string",
      choices: ["planar", "coulomb"],
      default: usual.contact,
      description: "contact mode",
    },
    ...jsonOption,
  },
  run({ positionals: [what], options: { json: _, ...options }, report }) {
    if (what === undefined || !probes.includes(what)) {
      const found = what === undefined ? "nothing" : `"${what}"`;
      throw new ConfigError(
        `"probe" needs what to probe, got ${found}.${didYouMean(what ?? "", probes)} Probes: ${probes.join(", ")}.`,
      );
    }
    const { rows } = probePush({ ...options, physicsStep_s: wholeShare(options.physicsStep_s) });
    report({ ...options, rows }, () =>
      formatTable(
        ["t_s", "x_m", "y_m", "yaw_rad"].map((title) => ({ title, align: "right" as const })),
        rows.map((row) => [
          row.t_s.toFixed(1),
          ...[row.x_m, row.y_m, row.yaw_rad].map((value) => value.toFixed(4)),
        ]),
      ),
    );
  },
});

/** `0.016667` is meant to be 1/60: the nearest step that divides a tenth of a second, if it is near. */
function wholeShare(step_s: number): number {
  const nearest_s = 0.1 / Math.max(1, Math.round(0.1 / step_s));
  return Math.abs(step_s - nearest_s) < 0.001 * nearest_s ? nearest_s : step_s;
}

function number(name: keyof NumbersOf<PushProbe>, description: string) {
  return { type: "number", default: usual[name], description } as const;
}

type NumbersOf<T> = { [Key in keyof T as T[Key] extends number ? Key : never]: T[Key] };
