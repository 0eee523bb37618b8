/** What becomes of stages that are left, and of those that are achieved, where others come before them. */

import type { PlannedStage } from "../planned-stage.ts";

/** A stage in the queue, and how often it was tried. */
export interface Entry {
  readonly stage: PlannedStage;
  attempts: number;
  postponed: boolean;
}

export interface Standing {
  /** To be done, the current one first. */
  readonly queue: readonly Entry[];
  /** Done, and not come undone since. */
  readonly achieved: readonly PlannedStage[];
}

export function entryOf(stage: PlannedStage): Entry {
  return { stage, attempts: 0, postponed: false };
}

/**
 * The added stages, then the rest. The newest wish wins: an object that they place has no other place any more, nor has one that
 * would move the anchor of such an object whenever it is placed itself. What was achieved beside an object that they move is done
 * again after it.
 */
export function overridden(added: readonly Entry[], { queue, achieved }: Standing): Standing {
  const placed = added.map(({ stage }) => stage).filter(isPlacing);
  const moved = new Set(placed.map(({ active }) => active));
  const anchors = new Map<number, number | undefined>();
  const stays = (stage: PlannedStage): boolean => {
    const { active, anchor } = stage;
    if (!isPlacing(stage)) return true;
    if (moved.has(active) || leads(anchors, anchor, active)) return false;
    // where it is placed several times, the last place is where it will be
    if (!anchors.has(active)) anchors.set(active, anchor);
    return true;
  };
  for (const { active, anchor } of placed) anchors.set(active, anchor);
  const left = queue
    .toReversed()
    .filter(({ stage }) => stays(stage))
    .toReversed();
  const standing = achieved.toReversed().filter(stays).toReversed();
  const again = besides(moved, standing);
  return {
    queue: withAgain([...added, ...left], again),
    achieved: standing.filter((stage) => !again.includes(stage)),
  };
}

function isPlacing({ anchor }: PlannedStage): boolean {
  return anchor !== undefined;
}

/** Whether an object is placed beside another, or beside one that is, and so on. */
function leads(
  anchors: ReadonlyMap<number, number | undefined>,
  object: number | undefined,
  other: number,
): boolean {
  // more steps than objects go round in a circle
  let [at, steps] = [object, 0];
  while (at !== undefined && at !== other && steps++ <= anchors.size) at = anchors.get(at);
  return at === other;
}

/** Stages that place something beside what moves, beside what is moved after it, and so on, nearest first. */
export function besides(
  moved: ReadonlySet<number>,
  stages: readonly PlannedStage[],
): readonly PlannedStage[] {
  const next = stages.filter(({ anchor }) => anchor !== undefined && moved.has(anchor));
  if (next.length === 0) return [];
  const others = stages.filter((stage) => !next.includes(stage));
  return [...next, ...besides(new Set(next.map(({ active }) => active)), others)];
}

/** The queue with stages that have to be done again, each once its anchor stands, in the order given. */
function withAgain(queue: readonly Entry[], again: readonly PlannedStage[]): readonly Entry[] {
  let whole = queue;
  let from = 0;
  for (const stage of again) {
    const { anchor } = stage;
    const mover = whole.findLastIndex((one) => isPlacing(one.stage) && one.stage.active === anchor);
    from = Math.max(from, mover + 1);
    whole = whole.toSpliced(from, 0, entryOf(stage));
    from++;
  }
  return whole;
}
