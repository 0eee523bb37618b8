/** Numbers that change over a training. */

/** Falls linearly from `first` to `last` while `done` goes from 0 to 1, and stays there. */
export function falling(first: number, last: number, done: number): number {
  return last + Math.max(0, 1 - done) * (first - last);
}
