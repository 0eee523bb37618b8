/** A process that owns an actuators' program and ends while it drives; for `actuators.test.ts`. Arguments: how, program. */

import { programActuators } from "../../../bridge/supervisor/actuators.ts";

const [how, program] = process.argv.slice(2);
const actuators = programActuators(program, {
  // the program runs
  sensed() {
    actuators.write([0.1, 0.4], "armed");
    if (how === "exits") process.exit(130);
    throw new Error("a mistake");
  },
  refused() {},
  ended() {},
});
