import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { LiveView } from "../../../bridge/recorder/live-view.ts";
import type { Channel } from "../../../bridge/recorder/sink.ts";
import { WireError } from "../../../core/errors.ts";
import { closeAfterEach, until } from "../support.ts";

const moving: Channel = { topic: "/moving", schemaName: "a", schema: { type: "object" } };
const lasting: Channel = { topic: "/lasting", schemaName: "b", schema: {}, lasting: true };

const open = closeAfterEach();

async function view(): Promise<LiveView> {
  const live = await LiveView.open("test robot", 0);
  open.push(live);
  return live;
}

/** A client that reads the frames as the specification writes them, byte by byte. */
async function client(url: string, protocol = "foxglove.sdk.v1") {
  const socket = new WebSocket(url, [protocol]);
  const texts: Record<string, unknown>[] = [];
  const data: { subscription: number; stamp_ns: bigint; message: unknown }[] = [];
  socket.on("message", (bytes: Buffer, isBinary) => {
    if (!isBinary) texts.push(JSON.parse(String(bytes)));
    else {
      expect(bytes[0]).toBe(1);
      data.push({
        subscription: bytes.readUInt32LE(1),
        stamp_ns: bytes.readBigUInt64LE(5),
        message: JSON.parse(bytes.subarray(13).toString("utf8")),
      });
    }
  });
  open.push(socket);
  await once(socket, "open");
  const say = (message: unknown) => socket.send(JSON.stringify(message));
  return { socket, texts, data, say };
}

describe("the live view", () => {
  it.each(["foxglove.sdk.v1", "foxglove.websocket.v1"])("speaks %s", async (protocol) => {
    const live = await view();
    live.write(moving, 1n, { before: true });
    const { socket, texts, data, say } = await client(live.url, protocol);
    expect(socket.protocol).toBe(protocol);
    await until(() => texts.length >= 2, 5000);
    expect(texts[0]).toMatchObject({ op: "serverInfo", name: "test robot", capabilities: [] });
    expect(texts[1]).toEqual({
      op: "advertise",
      channels: [
        {
          id: 1,
          topic: "/moving",
          encoding: "json",
          schemaName: "a",
          schema: '{"type":"object"}',
          schemaEncoding: "jsonschema",
        },
      ],
    });
    say({ op: "subscribe", subscriptions: [{ id: 77, channelId: 1 }] });
    const bytes = Uint8Array.of(1, 2, 255);
    await until(() => {
      live.write(moving, 1_700_000_000_123_456_789n, { bytes });
      return data.length > 0;
    }, 5000);
    expect(data[0]).toEqual({
      subscription: 77,
      stamp_ns: 1_700_000_000_123_456_789n,
      message: { bytes: "AQL/" },
    });
    say({ op: "unsubscribe", subscriptionIds: [77] });
    say({ op: "subscribe", subscriptions: [{ id: 78, channelId: 1 }] });
    await until(() => {
      live.write(moving, 2n, {});
      return data.some(({ subscription }) => subscription === 78);
    }, 5000);
    live.write(moving, 3n, {});
    await until(() => data.some(({ stamp_ns }) => stamp_ns === 3n), 5000);
    const last = data.filter(({ stamp_ns }) => stamp_ns === 3n);
    expect(last.map(({ subscription }) => subscription)).toEqual([78]);
  });

  it("sends what lasts to who comes later, and new channels to who is there", async () => {
    const live = await view();
    live.write(lasting, 5n, { still: "true" });
    const { texts, data, say } = await client(live.url);
    await until(() => texts.length >= 2, 5000);
    say({ op: "subscribe", subscriptions: [{ id: 3, channelId: 1 }] });
    await until(() => data.length > 0, 5000);
    expect(data).toEqual([{ subscription: 3, stamp_ns: 5n, message: { still: "true" } }]);
    live.write(moving, 6n, {});
    await until(() => texts.length >= 3, 5000);
    expect(texts[2]).toMatchObject({ op: "advertise", channels: [{ id: 2, topic: "/moving" }] });
  });

  it("answers nonsense with a status and goes on", async () => {
    const live = await view();
    const { socket, texts, say } = await client(live.url);
    for (const nonsense of [
      "{",
      '{"op":"publish"}',
      '{"op":"subscribe","subscriptions":[{"id":-1}]}',
    ]) {
      socket.send(nonsense);
    }
    socket.send(Uint8Array.of(9, 9, 9));
    await until(() => texts.filter(({ op }) => op === "status").length === 3, 5000);
    say({ op: "subscribe", subscriptions: [{ id: 1, channelId: 1 }] });
    live.write(lasting, 1n, {});
    expect(live.viewers).toBe(1);
  });

  it("turns away other protocols and pages from elsewhere", async () => {
    const { url } = await view();
    const other = new WebSocket(url, ["mqtt"]);
    const [error] = await once(other, "error");
    expect(String(error)).toMatch(/subprotocol/);
    const page = new WebSocket(url, ["foxglove.sdk.v1"], { origin: "https://example.com" });
    const [refused] = await once(page, "error");
    expect(String(refused)).toMatch(/401/);
  });

  it("says when its port is taken", async () => {
    const { url } = await view();
    const port = Number(new URL(url).port);
    await expect(LiveView.open("second", port)).rejects.toThrow(WireError);
    await expect(LiveView.open("second", port)).rejects.toThrow(/Choose another port/);
  });
});
