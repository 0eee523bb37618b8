/** The one clock of the bridge: monotonic, so that a changed wall clock cannot make a command fresh. */

/** Seconds since an arbitrary moment, never going back. */
export function monotonic_s(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** A clock reading as it goes on the wire; only its sender may compare it with its own clock. */
export function stamp_ns(now_s: number): number {
  return Math.max(0, Math.round(now_s * 1e9));
}
