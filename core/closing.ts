/** What is opened for a piece of work, and closed whatever comes of it. */

export interface Closable {
  close(): Promise<void>;
}

/** Sees to it that `one` is closed once the work is over; returns it. */
export type Keep = <C extends Closable>(one: C) => C;

/**
 * Does `work` and then closes all that it kept, the latest first, also where the work or a closing fails. What the work threw comes
 * before what closing threw: who cannot close after an error, such as a thread that is no more, would hide it.
 */
export async function closingAfter<T>(work: (keep: Keep) => Promise<T>): Promise<T> {
  const kept: Closable[] = [];
  const keep: Keep = (one) => {
    kept.push(one);
    return one;
  };
  const [done] = await Promise.allSettled([work(keep)]);
  const failures: unknown[] = [];
  for (const one of kept.reverse()) {
    await one.close().catch((error: unknown) => void failures.push(error));
  }
  if (done.status === "rejected") throw done.reason;
  if (failures.length > 0) throw failures[0];
  return done.value;
}
