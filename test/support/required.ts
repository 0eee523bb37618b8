/**
 * What the machine must have: `.ci/run` lists in UNDERSTUDY_CI what it has installed or found, such as
 * "npm chromium ffmpeg python". A test that lacks one of these fails; one that lacks anything else is skipped.
 */

export type Requirement = "npm" | "chromium" | "ffmpeg" | "python";

/** Whether a test may not be skipped for want of this. */
export function isRequired(what: Requirement): boolean {
  return (process.env.UNDERSTUDY_CI ?? "").split(" ").includes(what);
}

/** @throws Error with the reason, where a test that is about to be skipped must run. */
export function insistOn(what: Requirement, reason: string): void {
  if (isRequired(what)) throw new Error(`UNDERSTUDY_CI promises ${what}, but ${reason}.`);
}
