/** Tuned settings on top of the defaults, for some scenes their own. `start` uses `quick`; policies/zoo/push-pair was made by `long`. */

import { withChanges } from "../core/config.ts";

export const presetNames = ["quick", "long", "smoke"] as const;
export type PresetName = (typeof presetNames)[number];

/**
 * EgoPush's reward with three terms of shaping on top, differences of potentials that let a teacher learn in millions of steps
 * instead of hundreds of millions: see docs/decisions/learning.md.
 */
const guided = { reward: { slow: 0.005, align: 3, behind: 1, detour: 4 } };

const teacher = {
  observability: "objects+gate",
  entropyCoef: 0.006,
  finalEntropyCoef: 0.006,
  epochs: 5,
  targetKl: 0.02,
  maxLearningRate: 0.003,
  minLearningRate: 0.0004,
  practiceShare: 0.7,
};

/** Five roll-outs are an episode of `push-pair`, and a bit. */
const fromNothing = { ...teacher, practiceAfter: 5 };

/** Who learns is asked for more than counts: what only just counts as placed is soon pushed out of place by the next object. */
const strictly = { scene: { reward: { placeShare: 0.65 } } };

/**
 * The same for arrangements, where most failures of an early teacher are touches: two more potentials, about obstacles. What
 * the rest is for: docs/decisions/learning.md.
 */
const arranged = {
  scene: { reward: { ...guided.reward, approachDetour: 4, clear: 4 } },
  teacher: {
    ...teacher,
    ...strictly,
    encoder: "poses",
    lastSeen: true,
    goal: true,
    envs: 512,
    batch: 8192,
    epochs: 3,
    gamma: 0.995,
    entropyCoef: 0.01,
    finalEntropyCoef: 0.0002,
    targetKl: 0.015,
    minLearningRate: 0.0001,
    practiceShare: 0.6,
    practiceUntil: 0.1,
    stageShare: 0.3,
    failureShare: 0.3,
    lessons: [{ iterations: 210, scene: { reward: { placeShare: 0.85 } } }],
    iterations: 2200,
    averageOver: 200,
    spanIterations: 50,
  },
  student: {
    ...strictly,
    lastSeen: true,
    iterations: 1080,
    // of 16 control steps each: several episodes a span
    spanIterations: 160,
    practiceShare: 0,
    stageShare: 0.3,
    failureShare: 0.15,
    finalLearningRate: 0.00005,
  },
  fineTune: {
    ...strictly,
    iterations: 250,
    averageOver: 50,
    spanIterations: 50,
    gamma: 0.995,
    imitationWeight: 0.3,
    stageShare: 0.3,
    failureShare: 0.25,
  },
};

/** For a scene without presets of its own: how `push-pair` is learnt, by the reward as the scene pays it. */
const general: Readonly<Record<PresetName, object>> = {
  // ten to fifteen minutes of push-pair on two cores, deployment included
  quick: {
    teacher: { ...fromNothing, epochs: 3, iterations: 670, practiceUntil: 0.3 },
    student: { iterations: 220 },
  },
  // longer: what policies/zoo/push-pair was made with
  long: {
    teacher: { ...fromNothing, iterations: 700, practiceUntil: 0.15 },
    student: { iterations: 400 },
  },
  // seconds: whether the chain runs, not whether it learns
  smoke: {
    teacher: { iterations: 3, envs: 64, shardEnvs: 32, rolloutSteps: 16, batch: 512 },
    student: { iterations: 3, envs: 32, shardEnvs: 16, rolloutSteps: 8, batch: 64 },
    fineTune: {
      iterations: 3,
      criticIterations: 1,
      ...{ envs: 32, shardEnvs: 16, rolloutSteps: 8, batch: 64 },
    },
  },
};

const presets: Readonly<Record<string, Readonly<Record<PresetName, object>>>> = {
  "push-pair": {
    quick: { scene: guided, ...general.quick },
    long: { scene: guided, ...general.long },
    smoke: general.smoke,
  },
  "push-cross": arrangedPresets({
    // ninety minutes on two cores with `start --tune`; who begins by reading how close things are comes to hover before them
    teacher: { iterations: 1000, near: false },
    onward: {
      ...arranged.teacher,
      ...{ near: true, lessons: [], practiceShare: 0, iterations: 600, averageOver: 150 },
      ...{ std: 0.25, entropyCoef: 0.004, minLearningRate: 0.0003 },
    },
    student: { iterations: 320 },
    fineTune: { iterations: 240 },
  }),
  "push-line": arrangedPresets({ teacher: { iterations: 600 } }),
  "push-triangle": arrangedPresets({ teacher: { iterations: 600 } }),
  "push-arrangement": arrangedPresets({ teacher: { iterations: 900 } }),
};

/** @param quick what `quick` has otherwise than `long`: fewer roll-outs, above all */
function arrangedPresets(
  quick: Readonly<Partial<Record<"teacher" | "onward" | "student" | "fineTune", object>>>,
): Record<PresetName, object> {
  return { quick: withChanges(arranged, quick), long: arranged, smoke: smokeOf(arranged) };
}

/** Whether the chain runs with these settings, not whether it learns. */
function smokeOf({ scene, teacher, student, fineTune }: typeof arranged) {
  const tiny = { iterations: 3, envs: 64, shardEnvs: 32 };
  return {
    scene,
    teacher: { ...teacher, ...tiny, rolloutSteps: 16, batch: 512, lessons: [] },
    student: { ...student, ...tiny, envs: 32, shardEnvs: 16, rolloutSteps: 8, batch: 64 },
    fineTune: { ...fineTune, ...tiny, rolloutSteps: 8, batch: 64 },
  };
}

/** Of any scene there is: tuned for it, or `general`. */
export function presetOf(scene: string, name: PresetName): object {
  return (presets[scene] ?? general)[name];
}
