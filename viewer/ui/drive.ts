/** Driving by hand: arrow keys, WASD, and a joystick for fingers and mice. */

import { isForPage } from "./keys.ts";

/** Receives [forward, turn] in [-1, 1] whenever the wish changes. */
export type OnDrive = (forward: number, turn: number) => void;

const KEYS: Readonly<Record<string, readonly [forward: number, turn: number]>> = {
  ArrowUp: [1, 0],
  KeyW: [1, 0],
  ArrowDown: [-1, 0],
  KeyS: [-1, 0],
  ArrowLeft: [0, 1],
  KeyA: [0, 1],
  ArrowRight: [0, -1],
  KeyD: [0, -1],
};
/** A key turns gently: half the robot's rate is easier to steer by. */
const KEY_TURN = 0.5;

/** @param enabled whether keys drive now */
export function driveByKeys(enabled: () => boolean, drive: OnDrive): void {
  const held = new Set<string>();
  const tell = () => {
    let forward = 0;
    let turn = 0;
    for (const key of held) {
      forward += KEYS[key][0];
      turn += KEYS[key][1];
    }
    drive(limit(forward), KEY_TURN * limit(turn));
  };
  addEventListener("keydown", (event) => {
    // with Shift they turn the view
    if (!KEYS[event.code] || event.shiftKey || !isForPage(event) || !enabled()) return;
    event.preventDefault();
    if (held.has(event.code)) return;
    held.add(event.code);
    tell();
  });
  addEventListener("keyup", (event) => {
    if (held.delete(event.code)) tell();
  });
  addEventListener("blur", () => {
    held.clear();
    tell();
  });
}

/** A wish in [-1, 1] from where the pointer is on the joystick; turning is finer near the middle. */
export function joystickWish(box: DOMRect, x_px: number, y_px: number) {
  const right = limit((x_px - box.left) / (box.width / 2) - 1);
  const down = limit((y_px - box.top) / (box.height / 2) - 1);
  return { right, down, forward: -down, turn: -right * Math.abs(right) };
}

function limit(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
