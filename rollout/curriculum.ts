/** How a training goes along: episodes that start close to the goal, fewer and fewer of them, and spans to resume at. */

export interface Curriculum {
  readonly iterations: number;
  /** Share of new episodes that start close to the goal, at first. */
  readonly practiceShare: number;
  /** Share of the iterations after which none does. */
  readonly practiceUntil: number;
}

/** Share of new episodes that start close to the goal; falls linearly to zero. */
export function practiceAt(
  iteration: number,
  { iterations, practiceShare, practiceUntil }: Curriculum,
): number {
  if (practiceUntil === 0) return 0;
  return practiceShare * Math.max(0, 1 - iteration / (iterations * practiceUntil));
}

/** Which span an iteration belongs to; a span of 0 iterations never ends. */
export function spanAt(iteration: number, spanIterations: number): number {
  return spanIterations === 0 ? 0 : Math.floor(iteration / spanIterations);
}

/** Whether to save after so many iterations: at the end of each span or, without spans, every `saveEvery`. */
export function isSaved(iteration: number, spanIterations: number, saveEvery = 25): boolean {
  return iteration % (spanIterations || saveEvery) === 0;
}
