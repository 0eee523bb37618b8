/** What a process that holds a robot asks of its operating system and of V8. */

import os from "node:os";
import v8 from "node:v8";

/** Asks for more than the usual share: robots go before those that train them. Returns whether it was granted. */
export function raisePriority(): boolean {
  try {
    os.setPriority(os.constants.priority.PRIORITY_HIGH);
    return true;
  } catch {
    // most users may not; the watchdog holds all the same
    return false;
  }
}

/**
 * Keeps the heap of short-lived objects at the size it has, so that a process that runs for weeks does not grow. Left
 * alone, V8 doubles it, up to 3 x 16 MB, whenever enough has outlived a collection in sum, however slowly that came about.
 */
export function keepHeapSmall(): void {
  v8.setFlagsFromString("--semi-space-growth-factor=1");
}
