/** How much a slow machine draws: first scenes take turns, then pictures get fewer pixels. No frame shall be long. */

/** Frames that take longer than this on average are too many or too large; shorter ones than the other leave room for more. */
const SLOW_s = 0.04;
const QUICK_s = 0.018;
/** Weight of the latest frame in the average. */
const LATEST = 0.1;
/** The least share of a screen's pixels along each side, and by how much the share changes at once. */
const LEAST = 0.5;
const STEP = 0.8;
/** How long a change is tried before the next one: less detail soon, more only after a while. */
const LESS_AFTER_s = 1;
const MORE_AFTER_s = 5;

export class Effort {
  /** Average over the latest frames. */
  #frame_s = 0;
  #scenes = 1;
  /** Counts frames while scenes take turns to be drawn; undefined while all are drawn in each. */
  #turn: number | undefined;
  #detail = 1;
  #sinceChange_s = 0;
  /** More detail has been tried. */
  #rising = false;
  /** It was too much: not again until more or fewer scenes are shown. */
  #settled = false;

  /** Pixels along each side of a picture, as a share of those that the screen has there. */
  get detail(): number {
    return this.#detail;
  }

  /** Takes note of a frame with so many scenes. */
  frame(elapsed_s: number, scenes: number): void {
    if (scenes !== this.#scenes) this.#settled = this.#rising = false;
    this.#scenes = scenes;
    this.#frame_s += LATEST * (elapsed_s - this.#frame_s);
    this.#sinceChange_s += elapsed_s;
    this.#takeTurns();
    this.#adjustDetail();
  }

  /** Whether this frame draws the scene with that number. */
  draws(scene: number): boolean {
    return this.#turn === undefined || scene % 2 === this.#turn % 2;
  }

  #takeTurns(): void {
    if (this.#scenes === 1 || this.#frame_s < QUICK_s) this.#turn = undefined;
    else if (this.#turn !== undefined) this.#turn++;
    else if (this.#frame_s > SLOW_s) this.#turn = 0;
  }

  #adjustDetail(): void {
    const relieved = this.#scenes === 1 || this.#turn !== undefined;
    const tooMuch = relieved && this.#frame_s > SLOW_s && this.#sinceChange_s > LESS_AFTER_s;
    const room = this.#frame_s < QUICK_s && this.#sinceChange_s > MORE_AFTER_s;
    if (tooMuch && this.#detail > LEAST) {
      this.#settled ||= this.#rising;
      this.#change(Math.max(LEAST, STEP * this.#detail));
    } else if (room && this.#detail < 1 && !this.#settled) {
      this.#rising = true;
      this.#change(Math.min(1, this.#detail / STEP));
    }
  }

  #change(detail: number): void {
    this.#detail = detail;
    this.#sinceChange_s = 0;
  }
}
