/** Processes that hold a robot go before those that train one. */

import os from "node:os";

/** Asks the operating system for more than its usual share. Returns whether it was granted. */
export function raisePriority(): boolean {
  try {
    os.setPriority(os.constants.priority.PRIORITY_HIGH);
    return true;
  } catch {
    // most users may not; the watchdog holds all the same
    return false;
  }
}
