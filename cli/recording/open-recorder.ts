/** Where commands that hold a policy write down what it saw and did: a file, a live view, both, or nowhere. */

import { defaultLivePort, LiveView } from "../../bridge/recorder/live-view.ts";
import { McapFile } from "../../bridge/recorder/mcap-file.ts";
import { Recorder } from "../../bridge/recorder/recorder.ts";
import type { Sink } from "../../bridge/recorder/sink.ts";
import type { PolicyManifest } from "../../policies/manifest.ts";
import type { Io } from "../command.ts";

export const liveOptions = {
  live: { type: "boolean", description: "show it live to Foxglove, too" },
  livePort: {
    type: "number",
    integer: true,
    min: 0,
    max: 65_535,
    default: defaultLivePort,
    description: "where Foxglove connects, on this machine",
  },
} as const;

/** For commands that record if they are told to. */
export const recordOptions = {
  record: { type: "string", description: "write every session to this MCAP file" },
  ...liveOptions,
} as const;

export interface OpenRecorder {
  readonly recorder: Recorder;
  readonly file: McapFile | undefined;
}

interface Where {
  readonly record?: string | undefined;
  readonly live: boolean;
  readonly livePort: number;
}

/** The caller closes the recorder. Undefined when there is nowhere to record to. */
export async function openRecorder(
  { record, live, livePort }: Where,
  io: Io,
  manifest: PolicyManifest,
  about: Readonly<Record<string, string>> = { source: "sessions" },
): Promise<OpenRecorder | undefined> {
  if (record === undefined && !live) return undefined;
  const metadata = { ...about, policy: manifest.name, manifest: JSON.stringify(manifest) };
  const file = record === undefined ? undefined : await McapFile.create(record, metadata);
  const view = live ? await openView(livePort, file) : undefined;
  if (view) {
    io.err(`live view at ${view.url}: in Foxglove, open a connection "Foxglove WebSocket"\n`);
  }
  const sinks: readonly Sink[] = [file, view].filter((sink) => sink !== undefined);
  return { recorder: new Recorder(manifest, sinks), file };
}

/** @throws WireError when the port is taken; then there is no file either. */
async function openView(port: number, file: McapFile | undefined): Promise<LiveView> {
  try {
    return await LiveView.open("understudy", port);
  } catch (error) {
    await file?.discard();
    throw error;
  }
}

/** Nanoseconds since 1970, by a clock that does not go back while this process runs. */
export function wallClock_ns(): bigint {
  const started_us = BigInt(Math.round(1000 * performance.timeOrigin));
  return 1000n * (started_us + BigInt(Math.round(1000 * performance.now())));
}
