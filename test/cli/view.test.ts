/** `understudy view` as a command, with a supervisor to watch. */

import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { makeKeys, readSecretKeys } from "../../bridge/security/keys.ts";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import { type LaneKeys, readLaneKeys } from "../../bridge/supervisor/lane-keys.ts";
import { connectSupervisor } from "../../bridge/supervisor/link.ts";
import { type SupervisorServer, supervise } from "../../bridge/supervisor/server.ts";
import { commands } from "../../cli/commands/index.ts";
import { runCommandLine } from "../../cli/run.ts";
import type { FromPage, FromServer } from "../../viewer/live-messages.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runCommand } from "./run-command.ts";

const folder = temporaryFolder();
const eventually = { timeout: 30_000 };
const config = supervisorSchema.parse({ columns: robotLimits["turtlebot3-burger"] });

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

function superviseHere(keyed: { readonly keys?: LaneKeys } = {}): Promise<SupervisorServer> {
  const anyPort = "tcp://127.0.0.1:*";
  const actuators = { write() {}, close() {} };
  return supervise({ config, actuators, ...keyed, endpoint: anyPort, stopEndpoint: anyPort });
}

/** Runs `view` of a supervisor until `end`, which gives its exit code; with a page's socket to it. */
async function view({ endpoint, stopEndpoint }: SupervisorServer, words: readonly string[]) {
  const port = await freePort();
  const interrupted = new AbortController();
  const told = new EventEmitter();
  const io = { out: () => void told.emit("address"), err() {} };
  const watched = ["--supervisor", endpoint, "--stops", stopEndpoint];
  const line = ["view", "--port", String(port), ...watched, ...words];
  const { signal } = interrupted;
  const serves = once(told, "address");
  const code = runCommandLine(line, { commands, io, signal });
  await Promise.race([serves, code]);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`);
  const heard: FromServer[] = [];
  socket.on("message", (data) => heard.push(JSON.parse(String(data))));
  await once(socket, "open");
  return {
    say: (message: FromPage) => socket.send(JSON.stringify(message)),
    /** The newest message of a type. */
    hear: <T extends FromServer["type"]>(type: T) =>
      heard.findLast(
        (message): message is Extract<FromServer, { type: T }> => message.type === type,
      ),
    async end() {
      interrupted.abort();
      return code;
    },
  };
}

it("Ctrl-C closes everything, also where no planner opened", async () => {
  const supervisor = await superviseHere();
  const corrections = path.join(folder, "corrections.jsonl");
  // answers that are to be read from no file
  const words = ["--provider", "recorded", "--corrections", corrections];
  const page = await view(supervisor, words);
  await expect.poll(() => page.hear("supervisor")?.supervisor.heard, eventually).toBeDefined();
  const poses = [-0.9, 0, 0.8].map((x_m) => ({ x_m, y_m: 0, yaw_rad: 0 }));
  page.say({
    type: "correction",
    text: "put the object behind the anchor",
    at: {
      ...{ scene: "push-pair", config: {}, task: "Push.", step: 3, stage: "place-object", poses },
      ...{ driver: "demo", seed: 1, start: 2 },
    },
  });
  await expect.poll(() => page.hear("refused")?.message, eventually).toContain("--answers FILE");
  expect(await page.end()).toBe(130);
  // the lane was given back: it has one holder
  const { endpoint } = supervisor;
  const columns = Object.keys(config.columns);
  await (await connectSupervisor({ lane: "watcher", columns, endpoint })).close();
  await supervisor.close();
});

it("a supervisor with keys is watched and stopped by a key of its watchers", async () => {
  const peers = path.join(folder, "peers");
  const own = makeKeys(folder, "supervisor");
  const desk = makeKeys(path.join(peers, "watcher"), "desk");
  const keys = { own: readSecretKeys(own.secret), ...readLaneKeys(peers) };
  const supervisor = await superviseHere({ keys });
  const page = await view(supervisor, ["--keys", desk.secret, "--peer", own.public]);
  const heard = () => page.hear("supervisor")?.supervisor.heard;
  await expect.poll(heard, eventually).toMatchObject({ mode: "disarmed" });
  page.say({ type: "stop", engaged: true });
  await expect.poll(heard, eventually).toMatchObject({ mode: "estop" });
  expect(page.hear("refused")).toBeUndefined();
  expect(await page.end()).toBe(130);
  await supervisor.close();
});

it("keys without a supervisor are refused", async () => {
  const { public: peer, secret } = makeKeys(folder, "nobody");
  const words = ["view", "--port", String(await freePort()), "--keys", secret, "--peer", peer];
  const { code, err } = await runCommand(commands, words);
  expect(err).toContain('"--keys" and "--peer" are those of a supervisor: give "--supervisor"');
  expect(code).toBe(1);
});
