/**
 * Unmodified Python clients drive a simulated LeKiwi to success: LeRobot's LeKiwiClient (both wires) brings
 * the pictures, GR00T's or openpi's client asks the policy. Needs what
 * test/python/install.sh installs and test/python/requirements.txt names.
 *
 * `[UNDERSTUDY_LEROBOT_0_6_0=folder] npx tsx bench/adapters-drive.ts [--episodes 8]`
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { parseArgs } from "node:util";
import { WireError } from "../core/errors.ts";
import { wilson } from "../core/statistics.ts";
import { python } from "../test/bridge/python/support.ts";
import { spawnUnderstudy, textOf, writeResults } from "./harness.ts";

const root = path.resolve(import.meta.dirname, "..");
const { UNDERSTUDY_LEROBOT_0_6_0: oldLerobot } = process.env;

const { values } = parseArgs({
  options: {
    episodes: { type: "string", default: "8" },
    pace: { type: "string", default: "client" },
    scene: { type: "string", default: "push-pair" },
    policy: { type: "string", default: "policies/zoo/push-pair" },
    port: { type: "string", default: "5700" },
  },
});

interface Drive {
  readonly wire: "0.6.0" | "0.6.1";
  readonly via: "gr00t" | "openpi";
}

const understudy = (words: readonly string[]) =>
  spawnUnderstudy(words, ["ignore", "pipe", "ignore"]);

const drives: readonly Drive[] = [
  { wire: "0.6.1", via: "gr00t" },
  { wire: "0.6.0", via: "openpi" },
];

const rows = [];
for (const drive of drives) {
  if (drive.wire === "0.6.0" && !oldLerobot) {
    console.log("skipping wire 0.6.0: UNDERSTUDY_LEROBOT_0_6_0 names no folder");
    continue;
  }
  const row = await run(drive);
  rows.push(row);
  console.log(`| ${row.clients} | ${row.successes} of ${row.episodes} | ${row.outcomes} |`);
}
const headlines = rows.map(({ clients, successes, episodes }) => {
  const { low, high } = wilson(successes, episodes);
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return {
    what: `${values.scene} driven by ${clients}`,
    value: `${successes} of ${episodes} starts (95 %: ${percent(low)} to ${percent(high)})`,
  };
});
console.log(`written to ${writeResults("adapters-drive", { ...values, headlines, rows })}`);

/** One policy server, one simulated LeKiwi, one Python program between them. */
async function run({ wire, via }: Drive) {
  const [policyPort, commands, observations] = [0, 1, 2].map((i) => Number(values.port) + i);
  const at = (port: number) => `tcp://127.0.0.1:${port}`;
  const serverWords =
    via === "gr00t"
      ? ["gr00t-server", "--endpoint", at(policyPort)]
      : ["openpi-server", "--port", String(policyPort)];
  const server = understudy([...serverWords, "--policy", values.policy]);
  const host = understudy([
    ...["lekiwi-host", "--scene", values.scene, "--wire", wire, "--pace", values.pace],
    ...["--episodes", values.episodes, "--json"],
    ...["--commands", at(commands), "--observations", at(observations)],
  ]);
  const paths = [wire === "0.6.0" ? oldLerobot : undefined, process.env.PYTHONPATH];
  const client = spawn(
    python,
    [
      path.join(root, "test/python/drive_lekiwi.py"),
      ...["--via", via, "--policy_port", String(policyPort)],
      ...["--commands_port", String(commands), "--observations_port", String(observations)],
    ],
    { env: { ...process.env, PYTHONPATH: paths.filter(Boolean).join(path.delimiter) } },
  );
  const [said, reported] = [textOf(client), textOf(host)];
  const gaveUp = once(client, "exit").then(async ([code]) => {
    if (code !== 0) host.kill("SIGINT");
  });
  const [hostCode] = await once(host, "close");
  await gaveUp;
  server.kill("SIGINT");
  await once(server, "exit");
  if (hostCode !== 0) throw new WireError(`The drive failed: ${said()}${reported()}`);
  const facts = JSON.parse(reported().slice(reported().indexOf("{"))) as {
    episodes: number;
    successes: number;
    commands: number;
    refused: Readonly<Record<string, number>>;
    outcomes: readonly { outcome: string; steps: number }[];
  };
  const [clients] = said().split("\n");
  const outcomes = facts.outcomes.map(({ outcome, steps }) => `${outcome} (${steps})`).join(", ");
  return { wire, via, clients, ...facts, outcomes };
}
