/** The simulator and the bundle that ships, joined by each protocol in turn, drive. */

import { expect, it } from "vitest";
import { serveGr00t } from "../../../bridge/adapters/gr00t-server.ts";
import { serveOpenpi } from "../../../bridge/adapters/openpi-server.ts";
import { commands } from "../../../cli/commands/index.ts";
import { loadPolicy } from "../../../policies/runtime/node.ts";
import { runCommand } from "../../cli/run-command.ts";
import { closeAfterEach, until } from "../support.ts";

const open = closeAfterEach();

async function zoo() {
  const policy = await loadPolicy("policies/zoo/push-pair");
  open.push(() => policy.close());
  return policy;
}

it.each(["gr00t", "openpi"] as const)(
  "drive-sim pushes the pair together over %s",
  async (protocol) => {
    const policy = await zoo();
    const server =
      protocol === "gr00t"
        ? await serveGr00t({ policy, endpoint: "tcp://127.0.0.1:*" })
        : await serveOpenpi({ policy, port: 0 });
    open.push(() => server.close());
    const words = ["drive-sim", "--scene", "push-pair", "--protocol", protocol];
    const { code, out } = await runCommand(commands, [
      ...words,
      ...["--server", server.endpoint, "--episodes", "2", "--json"],
    ]);
    expect(code).toBe(0);
    const { successes, refused } = JSON.parse(out);
    expect(successes).toBeGreaterThanOrEqual(1);
    expect(refused).toEqual({});
  },
);

it("drive-sim ends within an episode, which does not count, also where the server has died", async () => {
  const server = await serveGr00t({ policy: await zoo(), endpoint: "tcp://127.0.0.1:*" });
  open.push(() => server.close());
  const done = new AbortController();
  const words = ["drive-sim", "--scene", "push-pair", "--protocol", "gr00t", "--json"];
  const driving = runCommand(commands, [...words, "--server", server.endpoint], done.signal);
  await until(() => server.report().actions > 2, 60_000);
  await server.close();
  done.abort();
  const { code, out } = await driving;
  expect(code).toBe(130);
  expect(JSON.parse(out)).toMatchObject({ episodes: 0, outcomes: [] });
});

it("lekiwi-drive drives lekiwi-host", async () => {
  const done = new AbortController();
  const ports = [
    "--commands",
    "ipc:///tmp/understudy-lc",
    "--observations",
    "ipc:///tmp/understudy-lo",
  ].map((word) => (word.startsWith("ipc") ? `${word}-${process.pid}` : word));
  const drive = runCommand(
    commands,
    [
      "lekiwi-drive",
      "--policy",
      "policies/zoo/push-pair",
      ...ports,
      ...["--silence_s", "60"],
      ...["--pace", "robot"],
      "--json",
    ],
    done.signal,
  );
  const host = ["lekiwi-host", "--scene", "push-pair", "--pace", "client", "--episodes", "1"];
  const { code, out } = await runCommand(commands, [...host, ...ports, "--json"]);
  expect(code).toBe(0);
  const { episodes, refused, commands: taken } = JSON.parse(out);
  expect(episodes).toBe(1);
  expect(taken).toBeGreaterThan(20);
  // commands that come while no episode runs do not count
  expect(Object.keys(refused).filter((reason) => reason !== "stopped")).toEqual([]);
  done.abort();
  await drive;
});
