/**
 * How close the things of a memory are: to the robot, and to the object that is to be pushed.
 *
 * What is remembered comes in metres, where five centimetres more or less beside a wheel are a twentieth of what a far object
 * moves by; a layer of tanh units that reads metres learns neither to reverse nor to push around what it remembers. These columns
 * are 0 for whatever is far away, and change most about where things touch.
 */

import { lastSeenColumns } from "../../core/last-seen.ts";
import type { Graph } from "../../nn/graph.ts";
import type { Tensor } from "../../nn/tensor.ts";

/** Distance of middles at which closeness falls fastest; robot and objects touch at 0.15 to 0.25 m. */
const RANGE_m = 0.2;

/** Closeness, and as much of it as lies ahead and to the left. */
const COLUMNS = 3;

const thingsOf = (lastSeen: number) => lastSeen / lastSeenColumns.size;

/** Columns for a memory of so many: of each thing to the robot, and of each but the first to the first. */
export function nearColumns(lastSeen: number): number {
  return COLUMNS * (2 * thingsOf(lastSeen) - 1);
}

/** Rows [B, nearColumns] of a memory [B, things * 4] whose first thing is the active object. */
export function nearness(g: Graph, lastSeen: Tensor): Tensor {
  const batch = lastSeen.shape[0];
  const things = thingsOf(lastSeen.shape[1]);
  const { known: at, place } = lastSeenColumns.at;
  const each = g.reshape(lastSeen, [batch, things, lastSeenColumns.size]);
  const known = g.slice(each, 2, at, at + 1);
  const places = g.slice(each, 2, place, place + 2);
  const ofFirst = (x: Tensor) => g.slice(x, 1, 0, 1);
  const ofOthers = (x: Tensor) => g.slice(x, 1, 1, things);
  // a thing that is alone is close to the robot only
  const alone = things === 1;
  const apart = alone ? [] : [g.sub(ofOthers(places), ofFirst(places))];
  const both = alone ? [] : [g.mul(ofOthers(known), ofFirst(known))];
  const offsets = g.div(g.concat([places, ...apart], 1), RANGE_m);
  const square = g.sum(g.square(offsets), { axes: [2], keep: true });
  const closeness = g.mul(g.concat([known, ...both], 1), g.exp(g.mul(square, -0.5)));
  const rows = g.concat([closeness, g.mul(offsets, closeness)], 2);
  return g.reshape(rows, [batch, nearColumns(lastSeen.shape[1])]);
}
