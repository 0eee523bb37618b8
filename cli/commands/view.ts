/** `understudy view`: serves the viewer's page to this machine until Ctrl-C. */

import { spawn } from "node:child_process";
import { serveViewer } from "../../viewer/server.ts";
import { defineCommand } from "../command.ts";

export const view = defineCommand({
  examples: [
    ["view", "run the scenes, policies and replays of this folder in the browser"],
    ["view --replays runs/latest/replays --open", "list one folder's replays, open the browser"],
  ],
  options: {
    replays: { type: "string", description: "a folder of replays to list beside those of runs/" },
    port: {
      type: "number",
      integer: true,
      min: 1024,
      max: 65_535,
      default: 4173,
      description: "where to listen, on this machine only",
    },
    open: { type: "boolean", description: "open the page in the browser" },
  },
  async run({ options, signal, io }) {
    const { port, replays, open } = options;
    const server = await serveViewer({ port, ...(replays === undefined ? {} : { replays }) });
    io.out(`The viewer is at ${server.url} (Ctrl-C ends it).\n`);
    if (open) openBrowser(server.url, (line) => io.err(line));
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await server.close();
  },
});

function openBrowser(url: string, remark: (line: string) => void): void {
  const openers: Readonly<Record<string, readonly string[]>> = {
    darwin: ["open", url],
    win32: ["cmd", "/c", "start", "", url],
  };
  const [program, ...words] = openers[process.platform] ?? ["xdg-open", url];
  const child = spawn(program, words, { stdio: "ignore", detached: true });
  child.on("error", () => remark(`No browser could be started. Open ${url} yourself.\n`));
  child.unref();
}
