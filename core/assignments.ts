/** `path.to.option=value`: what the value of such a text is, and the texts that say what an object holds. */

/** JSON where it is JSON, else the text itself: `true`, `[64, 64]`, `"7"`, `push-pair`. */
export function assignedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `0.5`, `.5`, `5e-3` or a fraction such as `1/60`; NaN for anything else. */
export function numberIn(text: string): number {
  const parts = text.split("/");
  if (parts.length > 2 || parts.some((part) => part.trim() === "")) return Number.NaN;
  return parts.map(Number).reduce((a, b) => a / b);
}

/** The assignments that put what `config` holds on top of anything, such as `reward.align=3`. */
export function assignmentsOf(config: object, parents: readonly string[] = []): string[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const keys = [...parents, key];
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return assignmentsOf(value, keys);
    }
    return [`${keys.join(".")}=${textFor(value)}`];
  });
}

/** What `assignedValue` makes this value of. */
function textFor(value: unknown): string {
  const isPlain = typeof value === "string" && assignedValue(value) === value;
  return isPlain ? value : JSON.stringify(value);
}
