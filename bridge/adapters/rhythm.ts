/** Keeps a policy to the rhythm that it was trained in, whatever the rate of a robot's camera. */

export class Rhythm {
  readonly #step_s: number;
  #next_s: number | undefined;

  constructor(controlStep_s: number) {
    this.#step_s = controlStep_s;
  }

  /** Whether an observation that has come at `now_s` begins a control step; else it is for looking on. */
  begins(now_s: number): boolean {
    const next_s = this.#next_s ?? now_s;
    // early by a quarter is nearer than the picture after it, at 20 a second and more
    if (now_s < next_s - this.#step_s / 4) return false;
    // on time on the average, but steps that were missed are not made up for
    this.#next_s = Math.max(next_s + this.#step_s, now_s + this.#step_s / 2);
    return true;
  }
}
