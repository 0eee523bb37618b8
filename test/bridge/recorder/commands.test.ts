import { once } from "node:events";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { McapFile } from "../../../bridge/recorder/mcap-file.ts";
import { Recorder } from "../../../bridge/recorder/recorder.ts";
import { readRecording } from "../../../bridge/recorder/recording.ts";
import { commands } from "../../../cli/commands/index.ts";
import { readBundle } from "../../../policies/bundle.ts";
import { runCommand } from "../../cli/run-command.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../support.ts";

const folder = temporaryFolder();

const run = (line: string) => runCommand(commands, line.split(" "));
const zoo = "policies/zoo/push-pair";

describe("understudy record, replay and dataset", () => {
  it("records episodes that the same policy repeats", async () => {
    const file = path.join(folder, "push.mcap");
    const { out, code, err } = await run(
      `record --scene push-pair --policy ${zoo} --episodes 2 --robots 2 --out ${file} --json`,
    );
    expect(code, err).toBe(0);
    const { episodes, messages } = JSON.parse(out);
    expect(episodes).toBe(2);
    const ends: Record<string, number> = {};
    const steps: Record<string, number> = {};
    const end = await readRecording(file, ({ topic, message }) => {
      if (topic.endsWith("/episode")) ends[topic[7]] = (message as { steps: number }).steps;
      if (topic.endsWith("/action")) steps[topic[7]] = (steps[topic[7]] ?? 0) + 1;
    });
    expect(end).toMatchObject({ whole: true, messages });
    expect(steps).toEqual(ends);
    // enough to simulate it again
    const { source, scene, seed, contact, config, randomization } = end.metadata;
    expect([source, scene, seed, contact]).toEqual(["simulation", "push-pair", "0", "planar"]);
    expect(JSON.parse(config)).toMatchObject({ arenaSide_m: 3 });
    expect(JSON.parse(randomization)).toMatchObject({ massScale: [0.8, 1.25] });
    const replayed = await run(`replay ${file} --policy ${zoo} --json`);
    const report = JSON.parse(replayed.out);
    expect(report).toMatchObject({ robots: 2, skipped: 0, different: 0, whole: true });
    expect(report.compared).toBe(ends[0] + ends[1]);
  });

  it("keeps nothing where it is interrupted before an episode is over, and compares nothing with nothing", async () => {
    const file = path.join(folder, "interrupted.mcap");
    const line = `record --scene push-pair --policy ${zoo} --episodes 2 --out ${file}`;
    const { err } = await runCommand(commands, line.split(" "), AbortSignal.abort());
    expect(err).toContain("Interrupted before an episode was over: nothing was recorded.");
    expect(existsSync(file)).toBe(false);
    const idle = path.join(folder, "idle.mcap");
    const { manifest } = readBundle(zoo);
    const about = { source: "a test", manifest: JSON.stringify(manifest) };
    const recorder = new Recorder(manifest, [await McapFile.create(idle, about)]);
    // an action whose observation nobody has recorded
    recorder.action("robot_0", 0n, 0, Float32Array.of(0, 0));
    await recorder.close();
    const replayed = await run(`replay ${idle} --policy ${zoo}`);
    expect(replayed.code).toBe(1);
    expect(replayed.err).toContain("so no action could be compared.");
  });

  it("writes a dataset that passes the check", async () => {
    const at = path.join(folder, "pushes");
    const line = `record --scene push-pair --policy ${zoo} --episodes 2 --robots 2 --format lerobot --pictures none --out ${at}`;
    const { code, err } = await run(line);
    expect(code, err).toBe(0);
    const checked = await run(`dataset check ${at} --json`);
    expect(checked.code).toBe(0);
    expect(JSON.parse(checked.out)).toMatchObject({ episodes: 2, problems: [] });
    // it never replaces what is there
    const again = await run(line);
    expect([again.code, again.err]).toEqual([
      1,
      `There is something at "${at}" already. Choose a new folder.\n`,
    ]);
    rmSync(path.join(at, "meta/tasks.parquet"));
    const broken = await run(`dataset check ${at}`);
    expect(broken.code).toBe(1);
    expect(broken.err).toMatch(/is not whole: .* the first: meta\/tasks\.parquet is missing\.\n$/);
  });

  it("serves and records at once; robots that ran make a dataset", async () => {
    const file = path.join(folder, "served.mcap");
    const socket = path.join(folder, "wire");
    const endpoint = `ipc://${socket}`;
    const done = new AbortController();
    const serving = runCommand(
      commands,
      `serve --policy ${zoo} --endpoint ${endpoint} --record ${file} --json`.split(" "),
      done.signal,
    );
    await until(() => existsSync(socket), 60_000);
    const sim = await run(`robot-sim --scene push-pair --endpoint ${endpoint} --episodes 1 --json`);
    expect(sim.code, sim.err).toBe(0);
    // until the last messages of the session have come
    for (let found = ""; !found.includes("no robot is connected"); ) {
      found = (await run(`doctor --endpoint ${endpoint} --json`)).out;
    }
    done.abort();
    const { out, code } = await serving;
    // as after Ctrl-C
    expect(code).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ episodes: 1, refused: {} });
    const at = path.join(folder, "served");
    const made = await run(
      `record --from ${file} --format lerobot --pictures none --out ${at} --json`,
    );
    expect(made.code, made.err).toBe(0);
    const { outcomes } = JSON.parse(sim.out);
    expect(JSON.parse(made.out)).toMatchObject({ episodes: 1, outcomes, whole: true });
    const checked = await run(`dataset check ${at} --json`);
    expect(JSON.parse(checked.out)).toMatchObject({ episodes: 1, problems: [] });
  });

  it("says that ffmpeg is missing, and does so before robots are recorded", async () => {
    const file = path.join(folder, "for-videos.mcap");
    const line = `record --scene push-pair --policy ${zoo} --episodes 1 --out ${file}`;
    expect((await run(line)).code).toBe(0);
    vi.stubEnv("PATH", folder);
    const at = path.join(folder, "videos");
    const endpoint = "tcp://127.0.0.1:*";
    const converted = await run(`record --from ${file} --format lerobot --out ${at}`);
    const served = await run(
      `record --endpoint ${endpoint} --policy ${zoo} --format lerobot --out ${at}`,
    );
    vi.unstubAllEnvs();
    for (const { code, err } of [converted, served]) {
      expect(err).toMatch(/^Videos need ffmpeg with libx264 and libx265 on the PATH, found none\./);
      expect(code).toBe(1);
    }
    expect(readdirSync(folder).filter((name) => name.startsWith("videos"))).toEqual([]);
  });

  it.each([
    ["serve", "--endpoint tcp://127.0.0.1:"],
    ["gr00t-server", "--endpoint tcp://127.0.0.1:"],
    ["openpi-server", "--port "],
  ])("leaves nothing of a recording where %s cannot listen", async (command, where) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const file = path.join(folder, `${command}.mcap`);
    const { code, err } = await run(`${command} --policy ${zoo} ${where}${port} --record ${file}`);
    taken.close();
    expect(err).toMatch(/^Cannot listen at /);
    expect(code).toBe(1);
    expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false]);
  });

  it.each([
    ["record --policy P --out x.mcap", "needs one source: --scene NAME"],
    ["record --policy P --out x --scene push-pair --endpoint tcp://127.0.0.1:*", "one source"],
    ["record --from x.mcap --out x", "Say what to make of it: --format lerobot."],
    [
      "record --from nowhere.mcap --format lerobot --out x",
      'There is no recording "nowhere.mcap".',
    ],
    ["record --from x.mcap --format lerobot --out x --policy P", '"--policy" does nothing without'],
    ["record --from x.mcap --format lerobot --out x --seed 4", '"--seed" does nothing without'],
    ["record --endpoint tcp://127.0.0.1:* --policy P --out x --episodes 3", '"--episodes" does'],
    ["record --scene push-pair --policy P --out x.mcap --pictures none", '"--pictures" does noth'],
    ["record --scene push-pair --policy P --out x.mcap --onlySuccess", "without --format lerobot."],
    ["record --out x.mcap --scene push-pair", '"record" needs --policy DIR'],
    [`record --policy ${zoo} --out x.mcap --scene reach-box`, 'Policy "push-pair'],
    [`replay --policy ${zoo}`, '"replay" needs a recording'],
    [`replay nowhere.mcap --policy ${zoo}`, 'There is no recording "nowhere.mcap".'],
    ["dataset chek runs", 'needs "check" and a folder, got "chek". Did you mean "check"?'],
    ["dataset check", '"dataset check" needs the folder of a dataset, got nothing.'],
    ["dataset check nowhere", 'There is no dataset at "nowhere".'],
    ["env-server --scene reach-box --groups layer", 'no observation group "layer". Did you mean'],
  ])("refuses `%s` in a sentence", async (line, sentence) => {
    const { code, err } = await run(line.replace("x.mcap", path.join(folder, "x.mcap")));
    expect(err).toContain(sentence);
    expect(code).toBe(1);
    expect(existsSync(path.join(folder, "x.mcap"))).toBe(false);
  });
});
