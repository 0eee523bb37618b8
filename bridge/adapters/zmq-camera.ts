/**
 * Cameras for LeRobot's ZMQCamera (lerobot/cameras/zmq): a PUB socket, one JSON message a moment with a
 * base64 JPEG and a time for each camera (the client ignores it and takes its own). No conflate here: subscribers conflate for themselves.
 */

import { Publisher } from "zeromq";
import { encodeJpeg, type Picture } from "./jpeg.ts";
import { cannotListen, checkLocal } from "./open-port.ts";

export const defaultCameraEndpoint = "tcp://127.0.0.1:5558";

export interface ZmqCameraOptions {
  readonly endpoint?: string;
  readonly allowOpenPort?: boolean;
  readonly quality?: number;
}

/** The message of one moment; `jpegs` are as jpeg.ts makes them. */
export function encodeCameraMessage(
  jpegs: ReadonlyMap<string, Uint8Array>,
  stamp_s: number,
): Uint8Array {
  const names = [...jpegs.keys()];
  const images = [...jpegs].map(([name, jpeg]) => [name, Buffer.from(jpeg).toString("base64")]);
  const timestamps = Object.fromEntries(names.map((name) => [name, stamp_s]));
  return Buffer.from(JSON.stringify({ timestamps, images: Object.fromEntries(images) }));
}

/** Opens the socket. @throws ConfigError or WireError when it cannot listen. */
export async function openZmqCamera(options: ZmqCameraOptions = {}): Promise<ZmqCamera> {
  const { endpoint = defaultCameraEndpoint, allowOpenPort = false, quality = 80 } = options;
  checkLocal(endpoint, allowOpenPort);
  const socket = new Publisher({ linger: 0, sendHighWaterMark: 20, sendTimeout: 0 });
  try {
    await socket.bind(endpoint);
  } catch (error) {
    socket.close();
    throw cannotListen(endpoint, error);
  }
  return new ZmqCamera(socket, quality);
}

export class ZmqCamera {
  /** Where it listens, with the port it was given. */
  readonly endpoint: string;
  readonly #socket: Publisher;
  readonly #quality: number;

  /** Use `openZmqCamera`. */
  constructor(socket: Publisher, quality: number) {
    this.endpoint = socket.lastEndpoint ?? "";
    this.#socket = socket;
    this.#quality = quality;
  }

  /** Publishes pictures taken at `stamp_s` of the sender's clock. */
  async publish(pictures: Readonly<Record<string, Picture>>, stamp_s: number): Promise<void> {
    const jpegs = new Map<string, Uint8Array>();
    for (const [name, picture] of Object.entries(pictures)) {
      jpegs.set(name, await encodeJpeg(picture, this.#quality));
    }
    await this.publishJpegs(jpegs, stamp_s);
  }

  /** The same for pictures that are encoded already. */
  async publishJpegs(jpegs: ReadonlyMap<string, Uint8Array>, stamp_s: number): Promise<void> {
    await this.#socket.send(encodeCameraMessage(jpegs, stamp_s));
  }

  close(): void {
    this.#socket.close();
  }
}
