import { describe, expect, it } from "vitest";
import { Player } from "../../viewer/player.ts";
import { blankFrame, type Frame, Tape } from "../../viewer/tape.ts";

/** One body at x, turned by `yaw_rad`; `sign` flips the quaternion, which is the same turn. */
function frame(x: number, yaw_rad: number, sign = 1): Frame {
  const half = yaw_rad / 2;
  return {
    ...blankFrame,
    poses: Float32Array.of(x, 0, 0, 0, 0, sign * Math.sin(half), sign * Math.cos(half)),
  };
}

function poseAt(tape: Tape, time_s: number): { x: number; yaw_rad: number } {
  const out = new Float32Array(7);
  tape.poseAt(time_s, out);
  return { x: out[0], yaw_rad: 2 * Math.atan2(out[5], out[6]) };
}

describe("a tape", () => {
  const tape = new Tape(0.1);
  tape.frames.push(frame(0, 0), frame(2, 1, -1), frame(3, 1, -1));

  it("goes straight from frame to frame, and turns the short way", () => {
    expect(poseAt(tape, 0.05).x).toBeCloseTo(1, 6);
    expect(poseAt(tape, 0.05).yaw_rad).toBeCloseTo(0.5, 6);
    expect(poseAt(tape, 0.1).x).toBeCloseTo(2, 6);
    expect(poseAt(tape, 0.175).x).toBeCloseTo(2.75, 6);
  });

  it("stands still before its first and after its last frame", () => {
    expect(poseAt(tape, -1).x).toBe(0);
    expect(poseAt(tape, 9).x).toBe(3);
    expect(tape.end_s).toBeCloseTo(0.2, 12);
  });

  it("is played to its end at the chosen speed", () => {
    const player = new Player();
    player.playing = true;
    player.speed = 0.5;
    expect(player.advance(tape, 0.2)).toBe(false);
    expect(player.time_s).toBeCloseTo(0.1, 12);
    expect(player.advance(tape, 0.3)).toBe(true);
    expect(player.time_s).toBe(tape.end_s);
    expect(player.playing).toBe(false);
  });

  it("that grows is waited for, and caught up with after a long pause", () => {
    const growing = new Tape(0.1);
    growing.frames.push(frame(0, 0), frame(1, 0));
    const player = new Player();
    Object.assign(player, { playing: true, growing: true });
    player.advance(growing, 1);
    expect([player.time_s, player.playing]).toEqual([0.1, true]);
    for (let i = 0; i < 98; i++) growing.frames.push(frame(i + 2, 0));
    player.advance(growing, 0);
    expect(player.time_s).toBeCloseTo(9.7, 9);
  });
});
