/**
 * The least a robot has to do: connect, send what it sees, obey what comes back while it is fresh.
 *
 * understudy serve --policy DIR                                      # in one terminal
 * node --import tsx --conditions=understudy-source examples/robot.ts DIR        # in another
 */

// biome-ignore-all lint/suspicious/noConsole: a program for people to run

import { setTimeout as sleep } from "node:timers/promises";
import { connectRobot } from "understudy/bridge";
import { readBundle } from "understudy/policies";

const [folder, endpoint = "tcp://127.0.0.1:5601", steps = "50"] = process.argv.slice(2);
// the policy's own manifest always agrees; a robot of yours states what it sees and does itself: docs/your-robot.md
const { manifest } = readBundle(folder);
const robot = await connectRobot({ manifest, endpoint });

try {
  for (let step = 0; step < Number(steps); step++) {
    // a real robot reads its camera and its wheels here; names and shapes are in the manifest
    const observation = Object.fromEntries(
      manifest.inputs.map(({ name, shape }) => [
        name,
        new Float32Array(shape.reduce((a, b) => a * b, 1)),
      ]),
    );
    robot.observe(observation);
    await sleep(manifest.controlStep_s * 1000);
    // zeros when the last action is too old: a policy that is silent stops the robot
    console.log(Array.from(robot.commandOf(0)));
  }
} finally {
  await robot.close();
}
