/** What a supervisor holds a robot to. Times are milliseconds and lengths metres, as people write them. */

import { z } from "zod";

const column = z.strictObject({
  speed: z.number().gt(0).max(1000).describe("most, either way, in m/s or rad/s"),
  acceleration: z.number().gt(0).max(10_000).describe("most, in m/s² or rad/s²"),
  jerk: z.number().gt(0).max(1_000_000).describe("most, in m/s³ or rad/s³"),
  quantum: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("what the robot truncates to, in m/s or rad/s; 0 when it does not"),
});

const milliseconds = z.number().min(1).max(10_000);

// said by each setting: `--help` shows defaults as if they were in force
const fenceSwitch = "off unless geofence.corners_m is set";
const depthSwitch = "off unless a setting of nearestDepth is given";

const geofence = z
  .strictObject({
    corners_m: z
      .array(z.tuple([z.number(), z.number()]))
      .min(3)
      .max(100)
      .describe(`[x, y] around the area, in the frame of the odometry; ${fenceSwitch}`),
    lookAhead_s: z
      .number()
      .min(0)
      .max(10)
      .default(0.5)
      .describe(`the robot does not go where it would be outside after this long; ${fenceSwitch}`),
    maxAge_ms: milliseconds
      .default(250)
      .describe(`no motion on odometry older than this; ${fenceSwitch}`),
  })
  .describe(`where the robot may be; outside only teleop moves it; ${fenceSwitch}`);

const nearestDepth = z
  .strictObject({
    stop_m: z
      .number()
      .min(0)
      .default(0.15)
      .describe(`no forward motion with anything this near; ${depthSwitch}`),
    slow_m: z
      .number()
      .gt(0)
      .default(0.5)
      .describe(`full speed only with nothing this near; ${depthSwitch}`),
    maxAge_ms: milliseconds
      .default(250)
      .describe(`no forward motion on depth older than this; ${depthSwitch}`),
  })
  .refine(({ stop_m, slow_m }) => stop_m < slow_m, "stop_m has to be below slow_m")
  .describe(`slows and stops in front of what the depth camera sees; ${depthSwitch}`);

/** Checks a configuration and fills in what it leaves out. */
export const supervisorSchema = z
  .strictObject({
    columns: z
      .record(z.string().min(1).max(200), column)
      .refine((columns) => Object.keys(columns).length > 0, "at least one column")
      .describe("numbers of a command in their order: forward, left, turn, or joint speeds"),
    tick_ms: milliseconds.default(20).describe("time between two commands to the actuators"),
    watchdog_ms: milliseconds
      .default(250)
      .describe("motion has ended this long after the last valid command"),
    ramp_ms: milliseconds
      .default(80)
      .describe("how long the robot takes to stop, within the watchdog; an e-stop is at once"),
    disarmAfter_s: z
      .number()
      .gt(0)
      .max(86_400)
      .default(10)
      .describe("held this long, the robot has to be armed anew"),
    geofence: geofence.exactOptional(),
    nearestDepth: nearestDepth.exactOptional(),
  })
  .refine(
    ({ tick_ms, ramp_ms, watchdog_ms }) => ramp_ms + 2 * tick_ms < watchdog_ms,
    "watchdog_ms has to be longer than ramp_ms and two ticks, or no command is ever in force",
  );

/** What a supervisor holds a robot to: `supervisorSchema.parse` makes one. */
export type SupervisorConfig = Readonly<z.output<typeof supervisorSchema>>;
/** What one number of a command is held to. */
export type ColumnLimits = SupervisorConfig["columns"][string];

/** `columns` of robots that people have. Jerks are chosen to reach full acceleration in about 50 ms. */
export const robotLimits = {
  // Burger: 0.22 m/s and 2.84 rad/s, commands cut to hundredths (turtlebot3_node); Nav2's accelerations
  "turtlebot3-burger": {
    forward: { speed: 0.22, acceleration: 2.5, jerk: 50, quantum: 0.01 },
    turn: { speed: 2.84, acceleration: 12, jerk: 250, quantum: 0.01 },
  },
  // the robot of the EgoPush scenes (arXiv 2602.18071): a TurtleBot3 that may go faster
  "ego-push": {
    forward: { speed: 0.4, acceleration: 4, jerk: 80, quantum: 0.01 },
    turn: { speed: 2.84, acceleration: 28, jerk: 600, quantum: 0.01 },
  },
  // LeRobot's teleoperation at its middle speed
  lekiwi: {
    forward: { speed: 0.2, acceleration: 2, jerk: 40, quantum: 0 },
    left: { speed: 0.2, acceleration: 2, jerk: 40, quantum: 0 },
    turn: { speed: 1.05, acceleration: 8, jerk: 160, quantum: 0 },
  },
} as const;
