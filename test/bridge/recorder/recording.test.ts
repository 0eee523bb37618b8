import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as schemas from "@foxglove/schemas/jsonschema.js";
import { McapIndexedReader } from "@mcap/core";
import { describe, expect, it } from "vitest";
import { McapFile } from "../../../bridge/recorder/mcap-file.ts";
import { Recorder } from "../../../bridge/recorder/recorder.ts";
import { type RecordedMessage, readRecording } from "../../../bridge/recorder/recording.ts";
import { ConfigError, FileError } from "../../../core/errors.ts";
import { createRng } from "../../../core/rng.ts";
import { cnnPolicy } from "../../policies/tiny-policies.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { manifestOf, until } from "../support.ts";
import { fitsSchema } from "./json-schema.ts";

const folder = temporaryFolder();

const manifest = manifestOf(cnnPolicy(8));
const second_ns = 1_700_000_000_000_000_000n;

/** An observation of three layers of 8 x 8 and the last action, and its answer, at each of `times`. */
function fill(recorder: Recorder, times: number): Float32Array[] {
  const rng = createRng(1);
  const images: Float32Array[] = [];
  recorder.bodies(second_ns, [
    {
      name: "robot_0/box",
      parts: [{ kind: "prism", size_m: [0.1, 0.1, 0.2], centre_m: [0, 0, 0], rgb: [1, 0, 0] }],
    },
  ]);
  for (let sequence = 0; sequence < times; sequence++) {
    const stamp_ns = second_ns + BigInt(sequence) * 100_000_000n;
    const layers = Float32Array.from({ length: 192 }, () => rng.next());
    images.push(layers.slice());
    const last = Float32Array.of(0.1, Number.NaN);
    const arrays = [
      { name: "layers", shape: [3, 8, 8], values: layers },
      { name: "last_action", shape: [2], values: last },
    ];
    recorder.observation("robot_0", stamp_ns, { sequence, reset: sequence === 0, arrays });
    recorder.action("robot_0", stamp_ns, sequence, Float32Array.of(0.5, -1));
    // the caller's array, reused
    layers.fill(-1);
    recorder.poses(stamp_ns, [{ name: "robot_0", position: [1, 2, 3], rotation: [0, 0, 0, 1] }]);
  }
  recorder.log(second_ns, "warning", "something happened");
  return images;
}

async function written(name: string, times: number) {
  const file = path.join(folder, name);
  const sink = await McapFile.create(file, { manifest: "{}", source: "test" });
  const recorder = new Recorder(manifest, [sink]);
  const images = fill(recorder, times);
  return { file, recorder, images };
}

async function messagesOf(file: string) {
  const messages: RecordedMessage[] = [];
  const end = await readRecording(file, (message) => void messages.push(message));
  return { ...end, messages };
}

describe("a recording", () => {
  it("is an indexed MCAP file whose messages fit their schemas", async () => {
    const { file, recorder } = await written("whole.mcap", 20);
    expect(existsSync(file)).toBe(false);
    await recorder.close();
    expect(existsSync(`${file}.partial`)).toBe(false);
    const bytes = readFileSync(file);
    const reader = await McapIndexedReader.Initialize({
      readable: {
        size: async () => BigInt(bytes.length),
        read: async (from, length) => bytes.subarray(Number(from), Number(from + length)),
      },
    });
    // three images, observation, action and poses twenty times, bodies, and a remark
    expect(reader.statistics?.messageCount).toBe(20n * 6n + 2n);
    const seen = new Set<string>();
    for await (const message of reader.readMessages({ validateCrcs: true })) {
      const channel = reader.channelsById.get(message.channelId);
      const schema = reader.schemasById.get(channel?.schemaId ?? 0);
      expect(channel?.messageEncoding).toBe("json");
      const text = new TextDecoder();
      const parsed: unknown = JSON.parse(text.decode(message.data));
      fitsSchema(parsed, JSON.parse(text.decode(schema?.data)), channel?.topic ?? "");
      seen.add(schema?.name ?? "");
    }
    const { RawImage, SceneUpdate, FrameTransforms, Log } = schemas;
    for (const { title } of [RawImage, SceneUpdate, FrameTransforms, Log]) {
      expect(seen).toContain(title);
    }
  });

  it("gives back every number as it was, images by layer", async () => {
    const { file, recorder, images } = await written("numbers.mcap", 3);
    await recorder.close();
    const { messages, whole, metadata } = await messagesOf(file);
    expect(whole).toBe(true);
    expect(metadata).toEqual({ manifest: "{}", source: "test" });
    const anchors = messages.filter(({ topic }) => topic === "/robot_0/layers/anchor");
    expect(anchors.map(({ stamp_ns }) => stamp_ns - second_ns)).toEqual([
      0n,
      100000000n,
      200000000n,
    ]);
    for (const [i, { message }] of anchors.entries()) {
      const { data, width, height, encoding, step } = message as Record<string, unknown>;
      expect([width, height, encoding, step]).toEqual([8, 8, "32FC1", 32]);
      const bytes = Uint8Array.from(Buffer.from(data as string, "base64"));
      // the anchor is the second of three layers of 64 pixels
      expect(new Float32Array(bytes.buffer)).toEqual(images[i].subarray(64, 128));
    }
    const [observation] = messages.filter(({ topic }) => topic === "/robot_0/observation");
    expect(observation.message).toEqual({
      timestamp: { sec: 1_700_000_000, nsec: 0 },
      sequence: 0,
      reset: true,
      arrays: { last_action: [Math.fround(0.1), null] },
    });
    const [action] = messages.filter(({ topic }) => topic === "/robot_0/action");
    // full speed is 0.4 m/s and 2.84 rad/s
    expect(action.message).toMatchObject({ action: [0.5, -1], observation: 0 });
    expect((action.message as { si: object }).si).toEqual({
      "forward (m/s)": 0.2,
      "turn (rad/s)": -2.84,
    });
  });

  it("that breaks off gives what came before, and says so", async () => {
    const { file, recorder } = await written("broken.mcap", 400);
    await recorder.close();
    const bytes = readFileSync(file);
    const cut = path.join(folder, "cut.mcap.partial");
    writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length / 2)));
    const { messages, whole } = await messagesOf(cut);
    expect(whole).toBe(false);
    expect(messages.length).toBeGreaterThan(400);
    expect(messages.length).toBeLessThan(400 * 6);
  });

  it("is there under another name while it grows", async () => {
    const { file, recorder } = await written("growing.mcap", 1500);
    const copy = path.join(folder, "copy.mcap.partial");
    // a process killed here leaves the chunks that are full
    await until(() => statSync(`${file}.partial`).size > 600_000, 60_000);
    copyFileSync(`${file}.partial`, copy);
    await recorder.close();
    const { whole, messages } = await messagesOf(copy);
    expect(whole).toBe(false);
    expect(messages.length).toBeGreaterThan(0);
  });

  it("replaces neither another nor one that is being written", async () => {
    const { file, recorder } = await written("kept.mcap", 3);
    await until(() => existsSync(`${file}.partial`), 60_000);
    await expect(McapFile.create(file, {})).rejects.toThrow(
      `"${file}.partial" is there already: another process is writing it, or one that died left it.`,
    );
    await recorder.close();
    const bytes = readFileSync(file);
    await expect(McapFile.create(file, {})).rejects.toThrow(
      new FileError(`There is something at "${file}" already. Choose a new file.`),
    );
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect((await messagesOf(file)).whole).toBe(true);
  });

  it("is not blamed for what its reader throws", async () => {
    const { file, recorder } = await written("innocent.mcap", 1);
    await recorder.close();
    const fails = () => {
      throw new ConfigError("The reader has another trouble.");
    };
    await expect(readRecording(file, fails)).rejects.toThrow(ConfigError);
    await expect(readRecording(file, () => {}, fails)).rejects.toThrow(ConfigError);
  });

  it("is not kept where nothing was written to it", async () => {
    const file = path.join(folder, "empty.mcap");
    await new Recorder(manifest, [await McapFile.create(file, {})]).close();
    expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false]);
  });

  it("refuses a file that is none, in a sentence", async () => {
    await expect(messagesOf(path.join(folder, "absent.mcap"))).rejects.toThrow(
      new FileError(`There is no recording "${path.join(folder, "absent.mcap")}".`),
    );
    const wrong = path.join(folder, "wrong.mcap");
    writeFileSync(wrong, "this is no recording, whatever its name says");
    await expect(messagesOf(wrong)).rejects.toThrow(
      /is not a readable MCAP file: .* Record it again\.$/,
    );
    writeFileSync(wrong, "");
    await expect(messagesOf(wrong)).rejects.toThrow(/is not a readable MCAP file: it is too short/);
    await expect(McapFile.create(path.join(wrong, "inside.mcap"), {})).rejects.toThrow(
      /^Cannot write the recording ".*": .* Choose another place\.$/,
    );
  });
});
