/** The name that was probably meant, for messages about names that do not exist. */

/** The closest of `names` within about a third of its length in typing errors, if there is one. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const distance = typingErrors(wrong.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best !== undefined && bestDistance <= Math.max(1, Math.ceil(best.length / 3))
    ? best
    : undefined;
}

/** ` Did you mean "train"?`, or nothing when no name is close. */
export function didYouMean(wrong: string, names: readonly string[]): string {
  const name = nearest(wrong, names);
  return name === undefined ? "" : ` Did you mean "${name}"?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from `a` to `b`. */
export function typingErrors(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(substituted, last[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length];
}
