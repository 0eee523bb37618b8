/** The supervisor's peers in Python: a robot's program, an operator and the emergency stop. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { servePolicy } from "../../../bridge/policy-server.ts";
import { makeKeys, readSecretKeys } from "../../../bridge/security/keys.ts";
import { robotLimits, supervisorSchema } from "../../../bridge/supervisor/config.ts";
import { readLaneKeys } from "../../../bridge/supervisor/lane-keys.ts";
import { type SuperviseOptions, supervise } from "../../../bridge/supervisor/server.ts";
import { loadPolicy } from "../../../policies/runtime/node.ts";
import { root } from "../../support/run-block.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../support.ts";
import { basics, pythonWith, runPython, runPythonFile } from "./support.ts";

const found = pythonWith([...basics, "cryptography"]);
const withPython = "python" in found ? it : it.skip;
if ("missing" in found) process.stderr.write(`Skipped: ${found.missing}.\n`);
const python = "python" in found ? found.python : "";

const folder = temporaryFolder();
const config = supervisorSchema.parse({
  columns: robotLimits["ego-push"],
  // a busy machine may hold a peer up for longer than usual
  ...{ watchdog_ms: 1000, nearestDepth: { maxAge_ms: 2000 } },
});

/** Keys of a supervisor, of the one that drives and of the one that arms. */
function lanes() {
  const allowed = path.join(folder, "peers");
  for (const lane of ["policy", "operator"])
    mkdirSync(path.join(allowed, lane), { recursive: true });
  const supervisor = makeKeys(folder, "supervisor");
  const robot = makeKeys(path.join(allowed, "policy"), "robot");
  const lab = makeKeys(path.join(allowed, "operator"), "lab");
  return {
    keys: { own: readSecretKeys(supervisor.secret), ...readLaneKeys(allowed) },
    files: [robot.secret, lab.secret, supervisor.public],
  };
}

/** A supervisor, and what it told the motors. */
async function start(options: Partial<SuperviseOptions>) {
  const written: (readonly number[])[] = [];
  const supervisor = await supervise({
    config,
    endpoint: "tcp://127.0.0.1:*",
    stopEndpoint: "tcp://127.0.0.1:*",
    actuators: { write: (command) => void written.push(command), close() {} },
    ...options,
  });
  return { supervisor, written };
}

withPython.each(["plain", "with keys"])(
  "drives, arms and stops from Python, and is told why not, %s",
  async (how) => {
    const { keys, files } = how === "plain" ? { keys: undefined, files: [] } : lanes();
    const { supervisor, written } = await start(keys ? { keys } : {});
    const { endpoint, stopEndpoint } = supervisor;
    const out = await runPython(python, "drive_supervisor.py", endpoint, stopEndpoint, ...files);
    const still = { command: [0, 0], driver: null };
    expect(JSON.parse(out)).toMatchObject({
      disarmed: { mode: "disarmed", ...still },
      "may not": 'The supervisor did not arm. Message "arm" was refused: may not arm.',
      columns: ["forward", "turn"],
      driving: { mode: "armed", driver: "policy", zones: [] },
      near: { mode: "armed", zones: ["near"] },
      "left alone": { mode: "hold", ...still },
      "no time left": [false, false, false],
      second: expect.stringContaining('Lane "policy" has a peer already'),
      never: 'Expected "timeout_s" to be a finite time above 0 s, got nan.',
      // one that is answered late is sent again
      stopped: { mode: "estop", stops: expect.any(Number) },
      "not armed": expect.stringContaining("emergency stop"),
      reset: { mode: "disarmed" },
      "nothing to reset": "There is no emergency stop to reset: it is disarmed.",
      "at last": "disarmed",
      refused: expect.arrayContaining(["may not arm", "not armed"]),
      closed: [false, false, "The connection to the supervisor was closed."],
      nobody: expect.stringMatching(/^No supervisor gave the lane .*understudy supervise/),
      "no button": expect.stringMatching(/^No supervisor answered .*cut its power\.$/),
      lane: expect.stringContaining(keys ? "may not take lane" : "takes [forward, turn]"),
    });
    // and so were the motors
    expect(written).toContainEqual([0.1, 0.5]);
    expect(written).toContainEqual([0, 0.5]);
    expect(Math.max(...written.map(([forward]) => forward))).toBe(0.1);
    expect(written.at(-1)).toEqual([0, 0]);
    await supervisor.close();
  },
);

withPython("docs/python.md drives the motors by a policy, through a supervisor", async () => {
  const page = readFileSync(path.join(root, "docs/python.md"), "utf8");
  const [loop] = [...page.matchAll(/^```python\n(.*?)^```/gms)]
    .map(([, code]) => code)
    .filter((code) => code.includes("SupervisorLink("));
  const policy = await loadPolicy(path.join(root, "policies/zoo/push-pair"));
  const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*", ttl_ms: 10_000 });
  const { supervisor, written } = await start({
    config: supervisorSchema.parse({ columns: robotLimits["ego-push"] }),
    isArmed: true,
  });
  const sensors = `import numpy as np
read_sensors = lambda: {each["name"]: np.zeros(each["shape"], np.float32) for each in robot.manifest["inputs"]}
`;
  const untilItMoves = 'while not any((base.beat or {"command": [0]})["command"]):';
  const patient = loop
    .replace("tcp://127.0.0.1:5601", server.endpoint)
    .replace("robot.columns)", `robot.columns, "${supervisor.endpoint}")`)
    .replaceAll("wait()", "wait(30)")
    .replace("while True:", untilItMoves);
  const file = path.join(folder, "loop.py");
  writeFileSync(file, sensors + patient);
  await runPythonFile(python, file);
  // some speed that it has ramped up to, and then none: nobody commands any more
  const fastest = Math.max(...written.map((command) => Math.hypot(...command)));
  expect(fastest).toBeGreaterThan(0.01);
  await until(() => written.at(-1)?.every((value) => value === 0) ?? false, 10_000);
  await Promise.all([server.close(), supervisor.close()]);
  await policy.close();
});
