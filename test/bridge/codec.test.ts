import { pack } from "msgpackr";
import { describe, expect, it } from "vitest";
import { mutate } from "../../bench/fuzz/mutate.ts";
import { decode, encode, toFloats } from "../../bridge/codec.ts";
import { type Message, messageSchemas, protocol, senders } from "../../bridge/messages.ts";
import { createRng } from "../../core/rng.ts";

const session = "0123456789abcdef";
const observation = {
  type: "observation",
  session,
  sequence: 3,
  stamp_ns: 1.25e16,
  robots: [0, 64, 70],
  resets: [64],
  arrays: [
    { name: "layers", shape: [3, 2, 2] },
    { name: "last_action", shape: [2] },
  ],
} as const satisfies Message;
const blobs = [Float32Array.from({ length: 36 }, (_, i) => i), new Float32Array(6).fill(0.5)];
const ids = { session, sequence: 2 };

/** One of each type. */
const messages: [Message, Float32Array[]][] = [
  [
    {
      type: "hello",
      protocol,
      nonce: "12345678",
      manifestHash: "ab",
      interface: "x -> y",
      robots: 1,
    },
    [],
  ],
  [
    {
      type: "welcome",
      nonce: "12345678",
      session,
      policy: "größe",
      manifestHash: "ab",
      ttl_ms: 250,
    },
    [],
  ],
  [observation as unknown as Message, blobs],
  [
    { type: "action", ...ids, observation: 3, ttl_ms: 250, robots: [0, 70], size: 2 },
    [Float32Array.of(1, -1, 0.5, 0)],
  ],
  [{ type: "episode", session, robot: 70, outcome: "success", return: -0.5 }, []],
  [{ type: "ping", session, sent_ns: 5 }, []],
  [{ type: "pong", session, sent_ns: 5, received_ns: 6.5e15, answered_ns: 7 }, []],
  [
    {
      type: "status",
      session,
      observations: 1,
      actions: 1,
      superseded: 0,
      refused: 0,
      latencyP50_ms: 0.5,
      latencyP99_ms: 1.5,
    },
    [],
  ],
  [{ type: "inspect", nonce: "12345678" }, []],
  [
    {
      type: "inspection",
      nonce: "12345678",
      protocol,
      policy: "größe",
      manifestHash: "ab",
      controlStep_ms: 100,
      ttl_ms: 250,
      received_ns: 6.5e15,
      answered_ns: 7,
      sessions: [{ robots: 1, rate_hz: 10, superseded: 0, refused: 2 }],
      latencyP99_ms: 1.5,
      refused: { "not a map": 2 },
    },
    [],
  ],
  [{ type: "error", code: "observation", message: "No.", about: session, observation: 3 }, []],
  [{ type: "bye", session }, []],
];

/** Frames as they come from a socket: slices at odd addresses. */
function received(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.map((frame) => {
    const larger = new Uint8Array(frame.length + 3);
    larger.set(frame, 3);
    return larger.subarray(3);
  });
}

const senderOf = (message: Message) => (senders[message.type] === "policy" ? "policy" : "robot");

describe("codec", () => {
  it.each(messages)("gives back $type", (message, arrays) => {
    const decoded = decode(received(encode(message, arrays)), senderOf(message));
    if (!("message" in decoded)) throw new Error(`refused: ${decoded.refusal}, ${decoded.detail}`);
    expect(decoded.message).toEqual(message);
    expect(decoded.blobs.map(toFloats)).toEqual(arrays);
  });

  it("has an example of every type above", () => {
    expect(messages.map(([{ type }]) => type)).toEqual(Object.keys(messageSchemas));
  });

  it("writes the header as plain MessagePack, for peers in any language", () => {
    // fixmap of 2; fixstr "type", fixstr "bye"; fixstr "session", str of 16 as fixstr 0xb0
    const [header] = encode({ type: "bye", session });
    expect(Buffer.from(header).toString("latin1")).toBe(
      `\x82\xa4type\xa3bye\xa7session\xb0${session}`,
    );
  });

  const sound = encode(observation as unknown as Message, blobs);
  const changed = (change: Record<string, unknown>) => [
    pack({ ...observation, ...change }),
    ...sound.slice(1),
  ];
  it.each<[string, Uint8Array[], "robot" | "policy"]>([
    ["empty", [], "robot"],
    ["header too long", [new Uint8Array(70_000)], "robot"],
    ["not MessagePack", [Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)], "robot"],
    ["not MessagePack", [new Uint8Array(0)], "robot"],
    ["not a map", [pack([1, 2])], "robot"],
    ["not a map", [Uint8Array.of(0xc0)], "robot"],
    ["unknown type", [pack({ type: "toString" })], "robot"],
    ["unknown type", [pack({})], "robot"],
    ["wrong sender", sound, "policy"],
    ["other protocol", [pack({ type: "hello", protocol: "understudy/2" })], "robot"],
    ["not of the schema", changed({ sequence: -1 }), "robot"],
    ["not of the schema", changed({ sequence: 1.5 }), "robot"],
    ["not of the schema", changed({ stamp_ns: Number.NaN }), "robot"],
    ["not of the schema", changed({ robots: [] }), "robot"],
    ["not of the schema", changed({ robots: [4096] }), "robot"],
    ["not of the schema", changed({ extra: 1 }), "robot"],
    ["not of the schema", changed({ session: 7 }), "robot"],
    ["not of the schema", changed({ arrays: [{ name: "layers", shape: [1e9] }] }), "robot"],
    ["repeated robot", changed({ robots: [0, 1, 0] }), "robot"],
    ["frame count", sound.slice(0, 2), "robot"],
    ["frame count", [...sound, new Uint8Array(1)], "robot"],
    ["frame size", [sound[0], sound[1].subarray(1), sound[2]], "robot"],
    ["frame size", changed({ robots: [0, 1] }), "robot"],
  ])("refuses: %s", (reason, frames, sender) => {
    expect(decode(frames, sender)).toMatchObject({ refusal: reason });
  });

  it("is not changed by what a peer defines in its header", () => {
    // msgpackr's private extension: record 0x40 has the keys "type" and "x"
    const poison = Buffer.from("d4724092a474797065a178a3627965a0", "hex");
    expect(decode([poison], "robot")).toHaveProperty("refusal");
    const [frames, sender] = [sound, "robot"] as const;
    expect(decode(frames, sender)).toMatchObject({ message: { robots: [0, 64, 70] } });
  });

  it("never throws, and takes nothing for a message that breaks its schema", () => {
    const rng = createRng(11);
    const pool = messages.map(([message, arrays]) => encode(message, arrays));
    const seen = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const frames = mutate(pool[Math.floor(rng.next() * pool.length)], rng);
      const decoded = decode(frames, rng.next() < 0.5 ? "robot" : "policy");
      if ("refusal" in decoded) seen.add(decoded.refusal);
      else {
        const schema = messageSchemas[decoded.message.type];
        expect(schema.safeParse(decoded.message).success).toBe(true);
      }
    }
    // the mutations reach deep enough to be worth something
    expect(seen.size).toBeGreaterThan(7);
  });
});
