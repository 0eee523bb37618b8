/**
 * Messages of NVIDIA GR00T's policy service (Isaac-GR00T, gr00t/policy/server_client.py): MessagePack
 * maps over ZeroMQ REQ/REP, in which an array is a map with a whole .npy file, and a modality's
 * configuration a map with its fields. No pickle anywhere; the first N1 servers, which used it, are refused.
 */

import { isMap, pack, type Unpacked, type UnpackedMap, unpackMap } from "./msgpack.ts";
import { decodeNpy, encodeNpy, isNdArray, type NdArray } from "./numpy.ts";
import { quoted, Refusal } from "./refusal.ts";

/** Larger frames are answered with an error. */
export const maxGr00tBytes = 32 * 2 ** 20;

/** Which steps of a modality the policy takes or gives, and under which names. */
export interface ModalityConfig {
  readonly delta_indices: readonly number[];
  readonly modality_keys: readonly string[];
}

export interface Gr00tRequest {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly data: UnpackedMap;
}

/** @throws Refusal. */
export function decodeRequest(frames: readonly Uint8Array[]): Gr00tRequest {
  const map = unpackMap(onlyFrame(frames));
  const endpoint = map.get("endpoint") ?? "get_action";
  const token = map.get("api_token") ?? undefined;
  const data = map.get("data") ?? new Map();
  if (typeof endpoint !== "string") {
    throw new Refusal("unknown endpoint", "Unknown endpoint: it is no text.");
  }
  if (token !== undefined && typeof token !== "string") {
    throw new Refusal("unauthorized", "Unauthorized: Invalid API token");
  }
  if (!isMap(data)) throw new Refusal("not a map", 'Expected "data" to be a map.');
  return { endpoint, token, data };
}

export function encodeRequest(
  endpoint: string,
  data: Readonly<Record<string, unknown>> | undefined,
  token: string | undefined,
): Uint8Array {
  return pack({
    endpoint,
    ...(data ? { data: packable(data) } : {}),
    ...(token === undefined ? {} : { api_token: token }),
  });
}

/** A reply: a map, a list [action, info], or null. */
export function encodeReply(reply: unknown): Uint8Array {
  return pack(packable(reply));
}

export function encodeError(sentence: string): Uint8Array {
  return pack({ error: sentence });
}

/** The array under a key, if there is one. @throws Refusal when there is something else. */
export function arrayIn(map: UnpackedMap, key: string): NdArray | undefined {
  const value = map.get(key);
  if (value === undefined || value === null) return undefined;
  const file = isMap(value) && value.get("__ndarray_class__") === true && value.get("as_npy");
  if (file instanceof Uint8Array) return decodeNpy(file);
  throw new Refusal("not an array", `Expected ${quoted(key)} to be an array.`);
}

/** A map under a key; empty where there is none. @throws Refusal for anything else. */
export function mapIn(map: UnpackedMap, key: string): UnpackedMap {
  const value = map.get(key) ?? new Map<string, Unpacked>();
  if (isMap(value)) return value;
  throw new Refusal("not a map", `Expected ${quoted(key)} to be a map.`);
}

/** One frame of a bearable size. @throws Refusal. */
export function onlyFrame(frames: readonly Uint8Array[]): Uint8Array {
  if (frames.length !== 1) {
    throw new Refusal("frame count", `Expected one frame, got ${frames.length}.`);
  }
  if (frames[0].length > maxGr00tBytes) {
    throw new Refusal("oversize", `Expected at most ${maxGr00tBytes} bytes in a message.`);
  }
  return frames[0];
}

/** Modality configurations as the reply of `get_modality_config`. */
export function encodeModalities(modalities: Readonly<Record<string, ModalityConfig>>): Uint8Array {
  const configs = Object.entries(modalities).map(([name, { delta_indices, modality_keys }]) => {
    const fields = {
      delta_indices,
      modality_keys,
      sin_cos_embedding_keys: null,
      mean_std_embedding_keys: null,
      action_configs: null,
    };
    return [name, { __ModalityConfig_class__: true, as_json: fields }] as const;
  });
  return pack(Object.fromEntries(configs));
}

function packable(value: unknown): unknown {
  if (isNdArray(value)) return { __ndarray_class__: true, as_npy: Buffer.from(encodeNpy(value)) };
  if (Array.isArray(value)) return value.map(packable);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, packable(v)]));
}
