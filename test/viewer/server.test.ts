import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { makeKeys } from "../../bridge/security/keys.ts";
import { ConfigError } from "../../core/errors.ts";
import { Library } from "../../viewer/library.ts";
import { serveViewer } from "../../viewer/server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { recordCurve, saveReplay } from "./recordings.ts";

const folder = temporaryFolder();

describe("the library", async () => {
  const given = path.join(folder, "given");
  saveReplay(given, "one", await recordCurve());
  writeFileSync(path.join(given, "broken.json"), "{");
  mkdirSync(path.join(folder, "runs", "a b", "bundle"), { recursive: true });
  writeFileSync(
    path.join(folder, "runs", "a b", "bundle", "policy.json"),
    '{"scene": "reach-box", "sceneConfig": {"arenaSide_m": 2.5, "reward": {"slow": 1}}}',
  );
  writeFileSync(path.join(folder, "secret.json"), "{}");
  writeFileSync(path.join(folder, "runs", "robot.mcap"), "");
  // what has the name of a recording and is none
  mkdirSync(path.join(given, "folder.json"));
  symlinkSync("circle.json", path.join(given, "circle.json"));
  writeFileSync(path.join(folder, "runs", "a b", "replays"), "no folder");
  const library = new Library({ root: folder, working: folder, replays: given });

  it("lists replays with what stands at their head, and bundles with their scene", () => {
    const { replays, policies } = library.list();
    expect(replays.find(({ name }) => name === "one")).toMatchObject({
      scene: "reach-box",
      outcome: "timed out",
      policy: "a curve",
      seed: 5,
      start: 0,
    });
    expect(replays.map(({ name }) => name).sort()).toEqual(["broken", "one", "robot.mcap"]);
    const url = "library/replays/robot.mcap";
    expect(replays).toContainEqual({ name: "robot.mcap", from: "runs", url });
    expect(policies).toEqual([
      // what paid in its training is not the world's business
      {
        name: "runs/a b",
        scene: "reach-box",
        url: "library/policies/runs/a%20b",
        settings: ["arenaSide_m=2.5"],
      },
    ]);
  });

  it("finds the file behind an address, and nothing outside its folders", () => {
    expect(library.fileOf("replays/robot.mcap")).toBe(path.join(folder, "runs", "robot.mcap"));
    expect(library.fileOf("replays/given/one.json")).toBe(path.join(given, "one.json"));
    expect(library.fileOf("policies/runs/a%20b/policy.json")).toContain("a b");
    for (const address of [
      "replays/given/..%2Fsecret.json",
      "replays/given/../secret.json",
      "replays/runs/../secret.json",
      "replays/runs/..%2F..%2Fsecret/x.json",
      "replays/given/gone.json",
      "replays/given/folder.json",
      "secret.json",
      "replays/..%2Fsecret.json",
      "replays/..%2Frobot.mcap",
    ]) {
      expect(library.fileOf(address), address).toBeUndefined();
    }
  });
});

describe("understudy view", () => {
  it("says in a sentence that a port is in use", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
    });
    await expect(serveViewer({ port })).rejects.toThrow(
      new ConfigError(
        `Port ${port} is in use. Choose another: understudy view --port ${port + 1}.`,
      ),
    );
    await new Promise((resolve) => other.close(resolve));
  });

  it("says that a folder of replays is not there", async () => {
    await expect(serveViewer({ port: 0, replays: "no-such-folder" })).rejects.toThrow(
      'There is no folder "no-such-folder".',
    );
  });

  it("says what is no file that can be read, and goes on", async () => {
    mkdirSync(path.join(folder, "runs", "folder.mcap"));
    const server = await serveViewer({ port: 0, working: folder });
    const ask = async (name: string) => (await fetch(server.url + name)).status;
    try {
      for (const name of ["gone.mcap", "folder.mcap"]) {
        expect(await ask(`library/replays/${name}`), name).toBe(404);
      }
      expect(await ask("library.json")).toBe(200);
    } finally {
      await server.close();
    }
  });

  it.skipIf(process.platform !== "linux")("lets go of a download that breaks off", async () => {
    const large = path.join(folder, "runs", "large.mcap");
    writeFileSync(large, "");
    truncateSync(large, 100_000_000);
    const server = await serveViewer({ port: 0, working: folder });
    try {
      const url = `${server.url}library/replays/large.mcap`;
      const breaking = new AbortController();
      const { body } = await fetch(url, { signal: breaking.signal });
      await body?.getReader().read();
      expect(isOpen(large)).toBe(true);
      breaking.abort();
      await expect.poll(() => isOpen(large), { timeout: 10_000 }).toBe(false);
      const whole = await (await fetch(url)).arrayBuffer();
      expect(whole.byteLength).toBe(100_000_000);
    } finally {
      await server.close();
    }
  });

  it("serves what the page is made of, and no key, configuration or run that lies beside it", async () => {
    const root = path.resolve(import.meta.dirname, "../..");
    const keys = [root, path.join(root, "viewer")].map((home) =>
      mkdtempSync(path.join(home, "keys-")),
    );
    const server = await serveViewer({ port: 0, working: folder });
    const ask = (file: string) => fetch(`${server.url}@fs${file}`);
    try {
      expect((await ask(path.join(root, "core", "units.ts"))).status).toBe(200);
      const secrets = keys.map((home) => makeKeys(home, "policy").secret);
      const others = ["package.json", ".git", "cli/main.ts"].map((name) => path.join(root, name));
      for (const file of [...secrets, ...others]) {
        for (const query of ["", "?raw", "?import&raw", "?url", "?raw??"]) {
          const answer = await ask(file + query);
          expect(answer.status, file + query).toBe(403);
          expect(await answer.text()).not.toContain("secretKey");
        }
      }
    } finally {
      await server.close();
      for (const home of keys) rmSync(home, { recursive: true });
    }
  });
});

/** Whether this process holds a file open. */
function isOpen(file: string): boolean {
  return readdirSync("/proc/self/fd").some((handle) => {
    try {
      return readlinkSync(path.join("/proc/self/fd", handle)) === file;
    } catch {
      // closed since it was listed
      return false;
    }
  });
}
