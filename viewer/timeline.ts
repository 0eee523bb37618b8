/** The scrubber and the plot of actions under it. */

import { byId } from "./page.ts";
import type { Tape } from "./tape.ts";
import { colour } from "./theme.ts";

/** A young live episode is not stretched over the whole width. */
const SHORTEST = 100;

export class Timeline {
  readonly #scrubber = byId("scrubber", HTMLInputElement);
  readonly #plot = byId("plot", HTMLCanvasElement);
  readonly #time = byId("time", HTMLOutputElement);

  /** @param seek called with the frame that the person chose */
  constructor(seek: (frame: number) => void) {
    this.#scrubber.addEventListener("input", () => seek(this.#scrubber.valueAsNumber));
  }

  show(tape: Tape, time_s: number, growing: boolean): void {
    const last = tape.frames.length - 1;
    const shown = growing ? Math.max(last, SHORTEST) : Math.max(last, 1);
    this.#scrubber.max = String(shown);
    this.#scrubber.value = String(tape.indexAt(time_s));
    this.#scrubber.setAttribute("aria-valuetext", `${time_s.toFixed(1)} seconds`);
    this.#time.value = growing
      ? `${time_s.toFixed(1)} s`
      : `${time_s.toFixed(1)} of ${tape.end_s.toFixed(1)} s`;
    this.#draw(tape, time_s / tape.controlStep_s, shown);
  }

  #draw(tape: Tape, cursor: number, shown: number): void {
    const canvas = this.#plot;
    const context = canvas.getContext("2d");
    if (!context || canvas.clientWidth === 0) return;
    const scale = devicePixelRatio;
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(canvas.clientHeight * scale);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.clearRect(0, 0, width, height);
    // the thumb of the scrubber stands half its width inside
    const inset = 8 * scale;
    const x = (frame: number) => inset + (frame / shown) * (width - 2 * inset);
    const y = (value: number) => height / 2 - value * (height / 2 - 2 * scale);
    line(context, colour("rule"), scale, [
      [inset, y(0)],
      [width - inset, y(0)],
    ]);
    const names = ["forward", "turn"] as const;
    names.forEach((name, column) => {
      const points = tape.frames.flatMap(({ action }, frame) =>
        action
          ? [[x(frame - 1), y(action[column])] as const, [x(frame), y(action[column])] as const]
          : [],
      );
      line(context, colour(name), 1.5 * scale, points);
    });
    line(context, colour("ink"), scale, [
      [x(cursor), 0],
      [x(cursor), height],
    ]);
  }
}

function line(
  context: CanvasRenderingContext2D,
  style: string,
  width: number,
  points: readonly (readonly [x: number, y: number])[],
): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.strokeStyle = style;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke();
}
