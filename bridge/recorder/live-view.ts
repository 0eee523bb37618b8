/**
 * A live view for Foxglove and whatever else speaks its WebSocket protocol: the subprotocol
 * `foxglove.sdk.v1`, and the older `foxglove.websocket.v1`, whose messages are the same.
 * https://github.com/foxglove/ws-protocol/blob/main/docs/spec.md
 */

import { once } from "node:events";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { WireError } from "../../core/errors.ts";
import { type Channel, jsonBytes, type Sink, type Stamp_ns } from "./sink.ts";

const subprotocols = ["foxglove.sdk.v1", "foxglove.websocket.v1"];

/** Where Foxglove looks unless told otherwise. */
export const defaultLivePort = 8765;

/** A viewer that is this far behind gets no more until it has caught up. */
const maxBehindBytes = 8 * 2 ** 20;

const id = z.int().min(0).max(0xffff_ffff);
const clientMessage = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("subscribe"),
    subscriptions: z.array(z.object({ id, channelId: id })).max(10_000),
  }),
  z.object({ op: z.literal("unsubscribe"), subscriptionIds: z.array(id).max(10_000) }),
]);

interface Advertised {
  readonly id: number;
  readonly channel: Channel;
  /** The last message of a lasting channel. */
  last?: { readonly stamp_ns: Stamp_ns; readonly payload: Uint8Array };
}

interface Viewer {
  readonly socket: WebSocket;
  /** Subscriptions by channel. */
  readonly subscriptions: Map<number, Set<number>>;
}

export class LiveView implements Sink {
  /** Such as ws://127.0.0.1:8765. */
  readonly url: string;
  readonly #name: string;
  readonly #server: WebSocketServer;
  readonly #channels = new Map<string, Advertised>();
  readonly #viewers = new Set<Viewer>();
  #skipped = 0;

  private constructor(server: WebSocketServer, url: string, name: string) {
    this.#server = server;
    this.url = url;
    this.#name = name;
    server.on("connection", (socket) => this.#welcome(socket));
  }

  /** Listens on this machine only; port 0 takes a free one. @throws WireError when it is taken. */
  static async open(name: string, port = defaultLivePort): Promise<LiveView> {
    const host = "127.0.0.1";
    const server = new WebSocketServer({
      host,
      port,
      maxPayload: 2 ** 20,
      // a page from elsewhere must not read along: browsers say where a page is from
      verifyClient: ({ origin }: { origin?: string }) => isAllowed(origin),
      handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? false,
    });
    try {
      await once(server, "listening");
    } catch (error) {
      throw new WireError(
        `Cannot listen at port ${port}: ${(error as Error).message}. Choose another port for the live view.`,
      );
    }
    const address = server.address();
    const found = typeof address === "object" && address ? address.port : port;
    return new LiveView(server, `ws://${host}:${found}`, name);
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Messages that a viewer was too slow for. */
  get skipped(): number {
    return this.#skipped;
  }

  write(channel: Channel, stamp_ns: Stamp_ns, message: object): void {
    const advertised = this.#channels.get(channel.topic) ?? this.#advertise(channel);
    const wanted = [...this.#viewers].some(({ subscriptions }) => subscriptions.has(advertised.id));
    if (!wanted && !channel.lasting) return;
    const payload = jsonBytes(message);
    if (channel.lasting) advertised.last = { stamp_ns, payload };
    for (const viewer of this.#viewers) {
      for (const subscription of viewer.subscriptions.get(advertised.id) ?? []) {
        this.#send(viewer, subscription, stamp_ns, payload);
      }
    }
  }

  async close(): Promise<void> {
    for (const { socket } of this.#viewers) socket.close(1001, "the recording has ended");
    const closed = once(this.#server, "close");
    this.#server.close();
    const force = setTimeout(() => {
      for (const { socket } of this.#viewers) socket.terminate();
    }, 200);
    await closed;
    clearTimeout(force);
  }

  discard(): Promise<void> {
    return this.close();
  }

  #advertise(channel: Channel): Advertised {
    const advertised: Advertised = { id: this.#channels.size + 1, channel };
    this.#channels.set(channel.topic, advertised);
    for (const { socket } of this.#viewers) socket.send(advertisement([advertised]));
    return advertised;
  }

  #welcome(socket: WebSocket): void {
    const viewer: Viewer = { socket, subscriptions: new Map() };
    this.#viewers.add(viewer);
    socket.on("close", () => this.#viewers.delete(viewer));
    socket.on("error", () => socket.terminate());
    socket.on("message", (data, isBinary) => {
      if (!isBinary) this.#handle(viewer, String(data));
    });
    socket.send(
      JSON.stringify({
        op: "serverInfo",
        name: this.#name,
        capabilities: [],
        supportedEncodings: ["json"],
        metadata: {},
      }),
    );
    socket.send(advertisement([...this.#channels.values()]));
  }

  #handle(viewer: Viewer, text: string): void {
    const parsed = clientMessage.safeParse(parseJson(text));
    if (!parsed.success) {
      const message = "Expected subscribe or unsubscribe: this server only shows.";
      viewer.socket.send(JSON.stringify({ op: "status", level: 1, message }));
      return;
    }
    if (parsed.data.op === "subscribe") {
      for (const { id, channelId } of parsed.data.subscriptions) {
        this.#subscribe(viewer, id, channelId);
      }
      return;
    }
    for (const id of parsed.data.subscriptionIds) {
      for (const [channel, ids] of viewer.subscriptions) {
        if (ids.delete(id) && ids.size === 0) viewer.subscriptions.delete(channel);
      }
    }
  }

  #subscribe(viewer: Viewer, id: number, channelId: number): void {
    const ids = viewer.subscriptions.get(channelId) ?? new Set();
    viewer.subscriptions.set(channelId, ids.add(id));
    const last = [...this.#channels.values()].find((channel) => channel.id === channelId)?.last;
    if (last) this.#send(viewer, id, last.stamp_ns, last.payload);
  }

  #send(viewer: Viewer, subscription: number, stamp_ns: Stamp_ns, payload: Uint8Array): void {
    if (viewer.socket.bufferedAmount > maxBehindBytes) {
      this.#skipped++;
      return;
    }
    // message data: 0x01, subscription, receive time in ns, payload; little-endian
    const frame = Buffer.allocUnsafe(13 + payload.length);
    frame[0] = 1;
    frame.writeUInt32LE(subscription, 1);
    frame.writeBigUInt64LE(stamp_ns, 5);
    frame.set(payload, 13);
    viewer.socket.send(frame);
  }
}

function advertisement(channels: readonly Advertised[]): string {
  return JSON.stringify({
    op: "advertise",
    channels: channels.map(({ id, channel: { topic, schemaName, schema } }) => ({
      id,
      topic,
      encoding: "json",
      schemaName,
      schema: JSON.stringify(schema),
      schemaEncoding: "jsonschema",
    })),
  });
}

/** Programs send no origin; pages of this machine and Foxglove's own may watch. */
function isAllowed(origin: string | undefined): boolean {
  if (!origin) return true;
  const host = URL.canParse(origin) ? new URL(origin).hostname : "";
  return ["localhost", "127.0.0.1", "[::1]", "app.foxglove.dev"].includes(host);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
