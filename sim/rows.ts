/** Rows of a world that have numbers of their own; row 0 is the robot, the bodies follow. */

/** The walls, where a body is asked for. */
export const WALLS = -1;
