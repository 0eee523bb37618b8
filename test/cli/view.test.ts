/** `understudy view` as a command, with a supervisor to watch. */

import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import { connectSupervisor } from "../../bridge/supervisor/link.ts";
import { type SupervisorServer, supervise } from "../../bridge/supervisor/server.ts";
import { commands } from "../../cli/commands/index.ts";
import { runCommandLine } from "../../cli/run.ts";
import type { FromPage, FromServer } from "../../viewer/live-messages.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

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

function superviseHere(): Promise<SupervisorServer> {
  const anyPort = "tcp://127.0.0.1:*";
  const actuators = { write() {}, close() {} };
  return supervise({ config, actuators, endpoint: anyPort, stopEndpoint: anyPort });
}

/** Runs `view` of a supervisor until `end`, which gives its exit code; with a page's socket to it. */
async function view({ endpoint, stopEndpoint }: SupervisorServer, words: readonly string[]) {
  const port = await freePort();
  const interrupted = new AbortController();
  const told: string[] = [];
  const io = { out: (text: string) => void told.push(text), err() {} };
  const watched = ["--supervisor", endpoint, "--stops", stopEndpoint];
  const line = ["view", "--port", String(port), ...watched, ...words];
  const { signal } = interrupted;
  const code = runCommandLine(line, { commands, io, signal });
  await expect.poll(() => told.join(""), eventually).toContain(`:${port}/`);
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
