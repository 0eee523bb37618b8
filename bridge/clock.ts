/** The one clock of the bridge: monotonic, so that a changed wall clock cannot make a command fresh. */

import { ConfigError } from "../core/errors.ts";

/** Seconds since an arbitrary moment, never going back. */
export function monotonic_s(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** A clock reading as it goes on the wire; only its sender may compare it with its own clock. */
export function stamp_ns(now_s: number): number {
  return Math.max(0, Math.round(now_s * 1e9));
}

/** @throws ConfigError for a wait that would never end, or is over before it begins; each by its name. */
export function checkWaits_s(waits_s: Readonly<Record<string, number>>): void {
  for (const [name, wait_s] of Object.entries(waits_s)) {
    if (Number.isFinite(wait_s) && wait_s > 0) continue;
    throw new ConfigError(`Expected "${name}" to be a finite time above 0 s, got ${wait_s}.`);
  }
}
