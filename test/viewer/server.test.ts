import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
    expect(replays.map(({ name }) => name)).toContain("broken");
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
