/** Driving by hand: arrow keys, WASD, and a joystick for fingers and mice. */

import { byId, isField } from "./page.ts";

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
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (!KEYS[event.code] || !plain || isField(event.target) || !enabled()) return;
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

export function driveByJoystick(drive: OnDrive): void {
  const joystick = byId("joystick", HTMLDivElement);
  const knob = byId("knob", HTMLDivElement);
  const move = (event: PointerEvent) => {
    const box = joystick.getBoundingClientRect();
    const right = limit((event.clientX - box.left) / (box.width / 2) - 1);
    const down = limit((event.clientY - box.top) / (box.height / 2) - 1);
    knob.style.translate = `${right * 50}% ${down * 50}%`;
    drive(-down, -right * Math.abs(right));
  };
  joystick.addEventListener("pointerdown", (event) => {
    joystick.setPointerCapture(event.pointerId);
    move(event);
  });
  joystick.addEventListener("pointermove", (event) => {
    if (joystick.hasPointerCapture(event.pointerId)) move(event);
  });
  joystick.addEventListener("lostpointercapture", () => {
    knob.style.translate = "0 0";
    drive(0, 0);
  });
}

function limit(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
