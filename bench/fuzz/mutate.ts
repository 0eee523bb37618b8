/** Spoils a message the way networks, other versions and enemies do. */

import type { Rng } from "../../core/rng.ts";

/** A spoilt copy, changed once to four times; seldom still a sound message. */
export function mutate(frames: readonly Uint8Array[], rng: Rng): Uint8Array[] {
  const mutant = frames.map((frame) => Uint8Array.from(frame));
  const times = 1 + Math.floor(4 * rng.next());
  for (let i = 0; i < times && mutant.length > 0; i++) {
    // the header, which comes first, more often than the rest
    const f = Math.floor(rng.next() ** 2 * mutant.length);
    const kind = Math.floor(rng.next() * kinds.length);
    kinds[kind](mutant, f, rng);
  }
  return mutant;
}

type Change = (frames: Uint8Array[], f: number, rng: Rng) => void;

/** Bytes with a meaning in MessagePack, JSON or UTF-8: long lengths, nil, NaN, quotes, bad UTF-8. */
const telling = [
  0xdd, 0xdf, 0xdb, 0xc6, 0xc9, 0xc0, 0xca, 0xcb, 0xff, 0x00, 0x22, 0x7b, 0x5d, 0xc3,
];

const kinds: readonly Change[] = [
  // any byte
  (frames, f, rng) => set(frames[f], rng, Math.floor(rng.next() * 256)),
  // one bit
  (frames, f, rng) => {
    const at = Math.floor(rng.next() * frames[f].length);
    if (frames[f].length > 0) frames[f][at] ^= 1 << Math.floor(rng.next() * 8);
  },
  (frames, f, rng) => set(frames[f], rng, telling[Math.floor(rng.next() * telling.length)]),
  // cut short
  (frames, f, rng) => {
    frames[f] = frames[f].subarray(0, Math.floor(rng.next() * frames[f].length));
  },
  // a few bytes put in
  (frames, f, rng) => {
    const at = Math.floor(rng.next() * frames[f].length);
    const added = Uint8Array.from({ length: 1 + Math.floor(rng.next() * 5) }, () =>
      Math.floor(rng.next() * 256),
    );
    frames[f] = Buffer.concat([frames[f].subarray(0, at), added, frames[f].subarray(at)]);
  },
  // a stretch of the message said twice
  (frames, f, rng) => {
    const from = Math.floor(rng.next() * frames[f].length);
    const stretch = frames[f].subarray(from, from + Math.floor(rng.next() * 40));
    frames[f] = Buffer.concat([frames[f].subarray(0, from), stretch, frames[f].subarray(from)]);
  },
  (frames, f) => void frames.splice(f, 1),
  (frames, f) => void frames.splice(f, 0, frames[f]),
];

function set(frame: Uint8Array, rng: Rng, value: number): void {
  if (frame.length > 0) frame[Math.floor(rng.next() * frame.length)] = value;
}
