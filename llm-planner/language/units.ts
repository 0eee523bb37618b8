/** Units of the expression language. */

/** Exponents of metre, second and radian: m/s is { m: 1, s: -1, rad: 0 }. */
export interface Unit {
  readonly m: number;
  readonly s: number;
  readonly rad: number;
}

export const none: Unit = { m: 0, s: 0, rad: 0 };
export const metre: Unit = { m: 1, s: 0, rad: 0 };
export const radian: Unit = { m: 0, s: 0, rad: 1 };
export const metrePerSecond: Unit = { m: 1, s: -1, rad: 0 };
export const radianPerSecond: Unit = { m: 0, s: -1, rad: 1 };

/** Units that a number may be written in, and what they are in SI. */
export const writtenUnits: Readonly<
  Record<string, { readonly unit: Unit; readonly scale: number }>
> = {
  m: { unit: metre, scale: 1 },
  cm: { unit: metre, scale: 0.01 },
  mm: { unit: metre, scale: 0.001 },
  s: { unit: { m: 0, s: 1, rad: 0 }, scale: 1 },
  rad: { unit: radian, scale: 1 },
  deg: { unit: radian, scale: Math.PI / 180 },
};

export function sameUnit(a: Unit, b: Unit): boolean {
  return a.m === b.m && a.s === b.s && a.rad === b.rad;
}

/** `a` times `b` to the power `sign`, which is 1 or -1. */
export function times(a: Unit, b: Unit, sign = 1): Unit {
  return { m: a.m + sign * b.m, s: a.s + sign * b.s, rad: a.rad + sign * b.rad };
}

/** `m/s`, `m^2`, or `a plain number`. */
export function unitName(unit: Unit): string {
  const parts = Object.entries(unit);
  const side = (sign: number) =>
    parts
      .filter(([, power]) => power * sign > 0)
      .map(([name, power]) => (Math.abs(power) === 1 ? name : `${name}^${Math.abs(power)}`))
      .join(" ");
  const [over, under] = [side(1), side(-1)];
  if (!over && !under) return "a plain number";
  return under ? `${over || "1"}/${under}` : over;
}
