/** What the head of a teacher or a student reads beside latents, and where its weights go in another head. */

/** In the order of the head's rows. */
const knownInputs = ["lastSeen", "goal", "near"] as const;

/** Columns of each; none where it is not read. */
export type Known = { readonly [input in (typeof knownInputs)[number]]?: number };

/** Columns of all together. */
export function columnsOf(known: Known): number {
  return knownInputs.reduce((sum, input) => sum + (known[input] ?? 0), 0);
}

/** Whether whoever reads `ours` reads all that `theirs` has, in the same columns. */
export function readsAll(ours: Known, theirs: Known): boolean {
  return knownInputs.every((input) => !theirs[input] || theirs[input] === ours[input]);
}

/**
 * Rows of a head that reads `ours`, from those of one that reads `theirs`, each of `hidden` numbers: input by input, zeros for what
 * that one does not read.
 */
export function knownRows(
  rows: Float32Array,
  theirs: Known,
  ours: Known,
  hidden: number,
): Float32Array {
  const out = new Float32Array(columnsOf(ours) * hidden);
  let [reading, writing] = [0, 0];
  for (const input of knownInputs) {
    const [their, our] = [theirs[input] ?? 0, ours[input] ?? 0].map((columns) => columns * hidden);
    if (their > 0 && our > 0) out.set(rows.subarray(reading, reading + their), writing);
    reading += their;
    writing += our;
  }
  return out;
}
