/**
 * What is claimed about learning, as data: each study has variants, and each variant is trained with several seeds from nothing.
 *
 * Rows of EgoPush (arXiv 2602.18071) are named beside what is ours. Success is the state at the end: every object within
 * 5 cm and 15 degrees of its place (modulo the shape's symmetry), slower than 5 cm/s.
 */

import { presetOf } from "../../cli/presets.ts";
import { withChanges } from "../../core/config.ts";
import { unseenArrangements } from "./arrangements.ts";

export interface Variant {
  /** Without a comma: `--variants` lists names. */
  readonly name: string;
  readonly scene: string;
  /** A run's configuration, in the form of a preset: `scene`, `teacher`, `student`, `randomization`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether a student is distilled. One who neither is nor is tuned is not judged, only the teacher. */
  readonly distils: boolean;
  /** Whether the student, the one distilled or the one to begin with, learns on by reinforcement. */
  readonly tunes?: boolean;
  /** What ships that it begins with: a checkpoint for the teacher, and a bundle for the student. */
  readonly from?: { readonly teacher: string; readonly student?: string };
  /** Whose teacher and student of the same seed it goes on with, all that they took counted as its own. */
  readonly after?: Variant;
  /** Whether that teacher stays as it is: only what its student learns is asked about, and judged. */
  readonly keepsTeacher?: boolean;
  /** Whether there is no teacher at all: a student from its first weights, by reinforcement alone. */
  readonly endToEnd?: boolean;
  /** Other scenes that the student is judged in, besides its own. */
  readonly tests?: readonly { readonly name: string; readonly scene: object }[];
  /** What EgoPush prints for it. */
  readonly paper?: { readonly teacher?: string; readonly student?: string };
}

export interface Study {
  readonly name: string;
  readonly question: string;
  readonly variants: readonly Variant[];
}

const pair = presetOf("push-pair", "quick") as Readonly<Record<string, unknown>>;
const cross = presetOf("push-cross", "long") as Readonly<Record<string, unknown>>;
const quickCross = presetOf("push-cross", "quick") as Readonly<Record<string, unknown>>;
/** The same for who begins with what ships, which reads how close things are, and has its second course behind it. */
const shippedCross = withChanges(quickCross, { teacher: { near: true }, onward: undefined });

/** Who knows CROSS, as they ship. */
const shipped = {
  teacher: "policies/teachers/push-cross.ckpt",
  student: "policies/students/push-cross",
} as const;

const crossWith = (changes: Readonly<Record<string, unknown>>) => withChanges(cross, changes);

/** What is left to learn for who knows CROSS: without a lesson, trying things anew, but not as in the beginning. */
const onward = withChanges(shippedCross, {
  teacher: {
    ...{ iterations: 250, averageOver: 80, lessons: [], practiceShare: 0.3 },
    ...{ std: 0.25, entropyCoef: 0.004 },
  },
  fineTune: { iterations: 120, averageOver: 30 },
});

/** The same with time to come to rest: most of what is left is small errors, of which the mean has fewer. */
const thirdCourse = withChanges(onward, {
  teacher: {
    ...{ iterations: 600, averageOver: 250, practiceShare: 0, minLearningRate: 0.0003 },
    ...{ std: 0.2, entropyCoef: 0.003 },
  },
  fineTune: { iterations: 400, averageOver: 120, minLearningRate: 0.00004 },
});

/** The same where more is new: how to turn a prism, or places behind others. */
const furtherOnward = withChanges(onward, {
  teacher: {
    ...{ iterations: 450, practiceShare: 0.5, practiceUntil: 0.2 },
    ...{ std: 0.3, entropyCoef: 0.006 },
  },
});

/** A place behind another is further away still: 350 roll-outs came to 78 %, another 350 to 91 %. */
const lineOnward = withChanges(furtherOnward, { teacher: { iterations: 700 } });

/** Random arrangements of up to three objects, which need fewer steps than CROSS. */
const upToThree = crossWith({
  scene: { shapes: ["cube", "cube", "cube"] },
  teacher: {
    iterations: 900,
    // coarse places are found first; exact ones, which last, are learnt at the end
    lessons: [
      { iterations: 120, scene: { reward: { placeShare: 0.85 } } },
      { iterations: 480, scene: { reward: { placeShare: 1 } } },
    ],
  },
  student: { iterations: 700 },
  fineTune: { iterations: 120 },
});

/** The same for who knows CROSS already, which is further away than another shape is. */
const upToThreeOnward = withChanges(onward, {
  scene: { shapes: ["cube", "cube", "cube"] },
  teacher: { iterations: 560, averageOver: 110, std: 0.3, entropyCoef: 0.006 },
  fineTune: { iterations: 160, averageOver: 40 },
});

/** What drives up to a box. */
const narrow = { hidden: 32, latent: 16 };
const small = {
  scene: { budgetSteps: 30 },
  teacher: { iterations: 160, envs: 64, shardEnvs: 32, rolloutSteps: 32, batch: 512, ...narrow },
  student: { iterations: 120, envs: 64, shardEnvs: 32, ...narrow },
};

/** CROSS from nothing, by shape. */
const crosses = (
  [
    ["cubes", "cube", "70.7 %; revision 87.3 %", quickCross],
    ["cylinders", "cylinder", "67.5 %", quickCross],
    ["prisms", "prism", "54.3 %", quickCross],
    ["cubes for twice the steps", "cube", "70.7 %; revision 87.3 %", cross],
  ] as const
).map(([name, shape, student, config]) => ({
  name,
  scene: "push-cross",
  config: withChanges(config, { scene: { shape } }),
  distils: true,
  tunes: true,
  paper: { ...(shape === "cube" ? { teacher: "99.3 %" } : {}), student },
}));

export const studies: readonly Study[] = [
  {
    name: "cross",
    question:
      "How many starts of CROSS do teacher and student solve? (ninety minutes on two cores each, but the last)",
    variants: crosses,
  },
  {
    name: "longer",
    question:
      "And if both learn on, the teacher in a third course? (three quarters of an hour on two cores more)",
    variants: [{ ...crosses[0], distils: false, config: thirdCourse, after: crosses[0] }],
  },
  {
    name: "onward",
    question:
      "How soon do the teacher and the student of CROSS that ship learn other shapes and formations? (a quarter of an hour to an hour on two cores each)",
    variants: (
      [
        ["cylinders", "push-cross", { shape: "cylinder" }, onward, "67.5 %"],
        ["prisms", "push-cross", { shape: "prism" }, furtherOnward, "54.3 %"],
        ["line", "push-line", {}, lineOnward, "learns"],
      ] as const
    ).map(([name, scene, changes, config, student]) => ({
      name,
      scene,
      config: withChanges(config, { scene: changes }),
      // a student of cubes does with cylinders much of what it should
      distils: name !== "cylinders",
      tunes: true,
      from: shipped,
      paper: { student },
    })),
  },
  {
    name: "student",
    question:
      "What is each part of distillation worth? (CROSS, from the teacher that ships, to new students: eight minutes each on two cores)",
    variants: [
      { name: "as it is" },
      { name: "the teacher drives", student: { driver: "teacher" } },
      { name: "remembers nothing", student: { lastSeen: false, warmStart: false } },
      {
        name: "GRU instead of memory",
        student: { lastSeen: false, warmStart: false, memory: 96, batch: 32 },
      },
      { name: "no warm start", student: { warmStart: false } },
      { name: "no relational loss", student: { relationalWeight: 0 } },
      { name: "no latent loss", student: { latentWeight: 0 } },
      { name: "no pose head", student: { poseWeight: 0 } },
      {
        // as many steps as the others take, and no teacher
        name: "reinforcement from nothing",
        endToEnd: true,
        fineTune: { iterations: 160, std: 0.6, imitationWeight: 0, criticIterations: 0 },
      },
    ].map(({ name, endToEnd = false, ...changes }) => ({
      name,
      scene: "push-cross",
      config: withChanges(shippedCross, changes),
      distils: true,
      ...(endToEnd ? { endToEnd } : { from: { teacher: shipped.teacher }, keepsTeacher: true }),
    })),
  },
  {
    name: "line",
    question:
      "Does LINE need the relational loss? (from the teacher that ships, to new students: eight minutes each on two cores)",
    variants: [0.1, 0].map((relationalWeight) => ({
      name: relationalWeight > 0 ? "with the relational loss" : "without it",
      scene: "push-line",
      config: withChanges(shippedCross, { student: { relationalWeight } }),
      distils: true,
      from: { teacher: "policies/teachers/push-line.ckpt" },
      keepsTeacher: true,
      paper: { student: relationalWeight > 0 ? "learns" : "below 1 %" },
    })),
  },
  {
    name: "arrangements",
    question: "Does one student, told its goal, serve arrangements it was never trained on?",
    variants: [
      { name: "random arrangements", config: upToThree },
      { name: "from what knows CROSS", config: upToThreeOnward, from: shipped },
    ].map((variant) => ({
      ...variant,
      scene: "push-arrangement",
      distils: true,
      tunes: true,
      tests: unseenArrangements,
      paper: { student: "not possible" },
    })),
  },
  {
    name: "observability",
    question:
      "What may a teacher see for a student to follow it? (Table I, of one object: an hour on two cores)",
    variants: (
      [
        ["global", {}, "99.2 %", "0 %"],
        // no gate, but a price on what no student could know
        ["global but informed", { observability: "global", informedBy: "fov" }],
        ["fov", {}, "98.3 %", "21.1 %; revision 54.8 %"],
        ["fov+gate", {}, "99.3 %", "70.7 %; revision 87.3 %"],
        // occlusion would be the same: a camera above objects of one height sees the tops of all
        ["objects+gate", {}],
      ] as const
    ).map(([name, changes, teacher, student]) => ({
      name,
      scene: "push-pair",
      config: withChanges(pair, { teacher: { observability: name, ...changes } }),
      distils: true,
      // all five objects there, two here
      ...(teacher && student
        ? { paper: { teacher: `CROSS ${teacher}`, student: `CROSS ${student}` } }
        : {}),
    })),
  },
  {
    name: "informed",
    question:
      "What does a teacher's knowledge cost its student, and what if the teacher pays for it? (SITT; a box that is mostly out of view, and three seconds; some minutes)",
    variants: (
      [
        ["global", { observability: "global" }],
        ["global but informed", { observability: "global", informedBy: "fov" }],
        ["fov", { observability: "fov" }],
      ] as const
    ).map(([name, changes]) => ({
      name,
      scene: "reach-box",
      config: withChanges(small, { teacher: changes }),
      distils: true,
    })),
  },
  {
    name: "credit",
    question:
      "When do reaching and placing have to pay? (Table II, of two objects and a teacher that sees all: half an hour on two cores)",
    variants: (
      [
        ["terminal", "16.0 %"],
        ["stages", "87.5 %"],
        ["global-timer", "98.0 %"],
        ["stage-timer", "98.6 %"],
      ] as const
    ).map(([credit, teacher]) => ({
      name: credit,
      scene: "push-triangle",
      config: withChanges(pair, {
        scene: { reward: { credit } },
        teacher: { observability: "global", encoder: "poses", iterations: 300 },
      }),
      distils: false,
      paper: { teacher },
    })),
  },
  {
    name: "efficiency",
    question: "What lets a teacher learn from tens of millions of steps? One change each.",
    variants: [
      { name: "as it is" },
      { name: "no potentials", scene: { reward: { align: 0, behind: 0, detour: 0 } } },
      {
        name: "no potentials about obstacles",
        scene: { reward: { approachDetour: 0, clear: 0 } },
      },
      { name: "no lesson", teacher: { lessons: [] } },
      { name: "no starts before failures", teacher: { failureShare: 0 } },
      { name: "no starts at later stages", teacher: { stageShare: 0 } },
      { name: "no practice starts", teacher: { practiceShare: 0 } },
      { name: "not told its goal", teacher: { goal: false } },
      { name: "no memory", teacher: { lastSeen: false } },
      { name: "keypoint encoder", teacher: { encoder: "points" } },
    ].map(({ name, ...changes }) => ({
      name,
      scene: "push-cross",
      config: crossWith(changes),
      distils: false,
    })),
  },
];
