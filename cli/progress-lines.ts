/** Progress for programs: a line of JSON each time there is more, where people would have a bar. */

import { z } from "zod";

const progressSchema = z.strictObject({
  done: z.int().min(0),
  success: z.number().min(0).max(1).describe("of what is done"),
});
export type ProgressLine = Readonly<z.output<typeof progressSchema>>;

export function progressLine(progress: ProgressLine): string {
  return `${JSON.stringify(progress)}\n`;
}

/** What a line says; undefined where it is for people. */
export function readProgressLine(line: string): ProgressLine | undefined {
  try {
    return progressSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
