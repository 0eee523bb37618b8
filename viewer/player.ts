/** Which moment of a tape is shown, and how that moves on. */

import type { Seconds } from "../core/units.ts";
import type { Tape } from "./tape.ts";

export class Player {
  time_s: Seconds = 0;
  playing = false;
  speed = 1;
  /** The tape still grows: the end is now, and not a reason to stop. */
  growing = false;

  /** Moves on by `elapsed_s` of the wall's clock; says whether the end of a whole tape was reached. */
  advance(tape: Tape, elapsed_s: Seconds): boolean {
    if (!this.playing) return false;
    const { end_s, controlStep_s } = tape;
    this.time_s = Math.min(end_s, this.time_s + elapsed_s * this.speed);
    // one step behind the newest frame there is always a next one to move towards
    if (this.growing) this.time_s = Math.max(this.time_s, end_s - 2 * controlStep_s);
    if (this.growing || this.time_s < end_s) return false;
    this.playing = false;
    return true;
  }

  /** Goes to a frame of the tape. */
  seek(tape: Tape, frame: number): void {
    this.time_s = Math.min(tape.end_s, Math.max(0, frame * tape.controlStep_s));
  }
}
