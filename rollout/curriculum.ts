/** The curriculum: episodes that start close to the goal, fewer and fewer of them. */

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
