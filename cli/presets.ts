/** Tuned settings per scene, on top of the defaults. `start` uses `quick`; the zoo was made by `long`. */

import { ConfigError } from "../core/errors.ts";

export const presetNames = ["quick", "long", "smoke"] as const;
export type PresetName = (typeof presetNames)[number];

const presets: Readonly<Record<string, Readonly<Record<PresetName, object>>>> = {
  "push-pair": {
    // ten minutes on two cores, deployment included
    quick: {},
    long: {},
    // seconds: whether the chain runs, not whether it learns
    smoke: {
      teacher: { iterations: 3, envs: 64, shardEnvs: 32, rolloutSteps: 16, batch: 512 },
      student: { iterations: 3, envs: 32, shardEnvs: 16, rolloutSteps: 8, batch: 64 },
    },
  },
};

export function presetOf(scene: string, name: PresetName): object {
  const found = presets[scene];
  if (!found) {
    throw new ConfigError(
      `There is no preset for scene "${scene}". Presets exist for: ${Object.keys(presets).join(", ")}. Use train, distill and export instead.`,
    );
  }
  return found[name];
}
