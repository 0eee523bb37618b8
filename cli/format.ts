/** Numbers as people read them. */

import type { Proportion } from "../core/statistics.ts";

/** `95.3 %`. */
export function formatPercent(rate: number): string {
  return Number.isFinite(rate) ? `${(rate * 100).toFixed(1)} %` : "–";
}

/** `95.3 % [93.1, 96.8], 512 episodes`: a share with its 95 % Wilson interval. */
export function formatProportion({ rate, low, high, trials }: Proportion): string {
  if (trials === 0) return "no episodes";
  const bounds = `[${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`;
  return `${formatPercent(rate)} ${bounds}, ${formatInteger(trials)} ${trials === 1 ? "episode" : "episodes"}`;
}

/** `8.4 s`, `2:05`, `1:02:05`. */
export function formatDuration(time_s: number): string {
  if (!Number.isFinite(time_s)) return "–";
  if (time_s < 59.95) return `${time_s.toFixed(1)} s`;
  const whole = Math.round(time_s);
  const [hours, minutes, seconds] = [whole / 3600, (whole / 60) % 60, whole % 60].map(Math.floor);
  const two = (part: number) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** `12,345`. */
export function formatInteger(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** Three digits and a magnitude: `999`, `31.2k`, `4.50M`. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return "–";
  for (const [size, letter] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    // 999,950 would otherwise become "1000k"
    if (Math.abs(count) >= size * 0.9995 && Math.abs(count) >= 999.5) {
      const scaled = count / size;
      const digits = Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
      return `${scaled.toFixed(digits)}${letter}`;
    }
  }
  return Number.isInteger(count) ? String(count) : String(Number(count.toPrecision(3)));
}

/** A command line as one would type it: what a shell would take otherwise stands in quotes. */
export function formatCommand(words: readonly string[]): string {
  const quoted = words.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return quoted.join(" ");
}
