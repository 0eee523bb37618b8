import path from "node:path";
import { describe, expect, it } from "vitest";
import { McapFile } from "../../../bridge/recorder/mcap-file.ts";
import { serveRecorded } from "../../../bridge/recorder/recorded-server.ts";
import { Recorder } from "../../../bridge/recorder/recorder.ts";
import { type RecordedMessage, readRecording } from "../../../bridge/recorder/recording.ts";
import { replayRecording } from "../../../bridge/recorder/replay.ts";
import { connectRobot } from "../../../bridge/robot-client.ts";
import { createRng } from "../../../core/rng.ts";
import { loadPolicyBytes } from "../../../policies/runtime/node.ts";
import type { PolicyRuntime } from "../../../policies/runtime/runtime.ts";
import { cnnPolicy, linearPolicy, summingPolicy } from "../../policies/tiny-policies.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { manifestOf, type Tiny, until } from "../support.ts";

const folder = temporaryFolder();

const load = (tiny: Tiny) => loadPolicyBytes(manifestOf(tiny), tiny.onnx);

/** Two robots in a session, driven for 30 steps with a reset of the second in the middle. */
async function recorded(name: string, tiny: Tiny): Promise<string> {
  const file = path.join(folder, `${name}.mcap`);
  const policy = await load(tiny);
  const { manifest } = policy;
  const sink = await McapFile.create(file, { manifest: JSON.stringify(manifest) });
  const recorder = new Recorder(manifest, [sink]);
  let now_ns = 0n;
  const server = await serveRecorded({
    policy,
    recorder,
    endpoint: "tcp://127.0.0.1:*",
    // slower than the messages come: stamps have to differ all the same
    clock: () => now_ns++ / 8n,
  });
  const robot = await connectRobot({ manifest, endpoint: server.endpoint, robots: 2 });
  const rng = createRng(2);
  for (let step = 0; step < 30; step++) {
    const inputs = manifest.inputs.map(({ name, shape }) => {
      const length = 2 * shape.reduce((a, b) => a * b, 1);
      return [name, Float32Array.from({ length }, () => rng.uniform(-0.1, 0.1))] as const;
    });
    const resets = step === 15 ? Uint8Array.of(0, 1) : undefined;
    const active = step % 5 === 4 ? Uint8Array.of(1, 0) : undefined;
    await robot.exchange(Object.fromEntries(inputs), active, resets);
  }
  await robot.close();
  await until(() => server.report().sessions === 0, 5000);
  await server.close();
  await policy.close();
  await recorder.close();
  return file;
}

async function replayed(file: string, tiny: Tiny, tolerance = 1e-6) {
  const policy: PolicyRuntime = await load(tiny);
  try {
    return await replayRecording(file, policy, tolerance);
  } finally {
    await policy.close();
  }
}

describe("recording sessions", () => {
  it.each([
    ["linear", linearPolicy()],
    ["summing", summingPolicy()],
    ["cnn", cnnPolicy(32)],
  ])("keeps enough to compute every action again: %s", async (name, tiny) => {
    const report = await replayed(await recorded(name, tiny), tiny);
    // 30 steps of two robots, less six in which the second did not take part
    expect(report).toMatchObject({
      whole: true,
      robots: 2,
      observations: 54,
      compared: 54,
      skipped: 0,
      different: 0,
    });
    // a batch of two rows rounds otherwise than one row
    expect(report.maxDifference).toBeLessThan(1e-6);
  });

  it("shows where another policy would have done something else", async () => {
    const file = await recorded("other", linearPolicy());
    const other = linearPolicy();
    const report = await replayed(file, { ...other, onnx: shifted(other.onnx) });
    expect(report.different).toBe(report.compared);
    // the turn's bias is 0.5 in one and 0.25 in the other
    const { recorded: was, replayed: is } = report.first ?? { recorded: [], replayed: [] };
    expect(was[0]).toBeCloseTo(is[0], 6);
    expect(was[1] - is[1]).toBeCloseTo(0.25, 6);
    expect(report.maxDifference).toBeCloseTo(0.25, 6);
  });

  it("refuses a policy that was made for other robots", async () => {
    const file = await recorded("refused", linearPolicy());
    await expect(replayed(file, summingPolicy())).rejects.toThrow(
      /^Policy "summing" does not fit the robots of ".*": it has push \[2\].*, they have state \[3\]/,
    );
  });

  it("says in words when sessions begin and end", async () => {
    const file = await recorded("words", linearPolicy());
    const messages: RecordedMessage[] = [];
    await readRecording(file, (message) => void messages.push(message));
    const said = messages
      .filter(({ topic }) => topic === "/log")
      .map(({ message }) => (message as { message: string }).message);
    expect(said[0]).toMatch(/^session 0 \(.*\) begins with "linear"$/);
    expect(said).toContain("session 0 ends");
    const topics = new Set(messages.map(({ topic }) => topic));
    expect(topics).toContain("/session_0_robot_1/action");
    const stamps = messages.map(({ stamp_ns }) => stamp_ns);
    expect(stamps.every((stamp, i) => i === 0 || stamp >= stamps[i - 1])).toBe(true);
  });
});

/** The linear policy's file with 0.25 in the place of its bias of 0.5. */
function shifted(onnx: Uint8Array): Uint8Array {
  const bytes = Buffer.from(onnx);
  const half = Buffer.from(Float32Array.of(0, 0.5).buffer);
  const at = bytes.indexOf(half);
  if (at < 0) throw new Error("the bias is not in the file");
  bytes.writeFloatLE(0.25, at + 4);
  return bytes;
}
