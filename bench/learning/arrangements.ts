/** Arrangements that no training has, for a student that is told its goal: no random one of a training equals them. */

/** Poses from the anchor, in m and degrees. */
const poses: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  corner: [
    [0.25, 0, 0],
    [0.25, 0.25, 0],
  ],
  gate: [
    [0.3, 0.2, 0],
    [0.3, -0.2, 0],
  ],
  stairs: [
    [0.25, 0.05, 0],
    [0.5, 0.1, 0],
  ],
  wedge: [
    [0.28, 0.16, 30],
    [0.28, -0.16, -30],
  ],
  ring: [
    [0.3, 0, 0],
    [-0.15, 0.26, 30],
    [-0.15, -0.26, -30],
  ],
};

/** Each with what it changes in the settings of scene `push-arrangement`. */
export const unseenArrangements = Object.entries(poses).map(([name, objects]) => ({
  name,
  scene: {
    arrangement: { objects: objects.map(([x_m, y_m, yaw_deg]) => ({ x_m, y_m, yaw_deg })) },
  },
}));
