/** Physics steps and the spans of time that are made of them. */

import { ConfigError } from "../core/errors.ts";
import type { Seconds } from "../core/units.ts";

/**
 * How many physics steps make up `span_s`.
 *
 * @param hint what to try instead, for the message
 * @throws ConfigError unless it is a whole number of them
 */
export function physicsStepsIn(span_s: Seconds, physicsStep_s: Seconds, hint: string): number {
  const steps = span_s / physicsStep_s;
  const whole = Math.round(steps);
  if (whole >= 1 && Math.abs(steps - whole) <= 1e-6 * steps) return whole;
  throw new ConfigError(
    `Expected a physics step that goes into ${span_s} s a whole number of times, got ${physicsStep_s} s; ${hint}.`,
  );
}
