/** Options of commands that listen or connect over ZeroMQ: keys, and ports left open by name. */

import {
  type ConnectorKeys,
  type ListenerKeys,
  readAllowed,
  readPublicKey,
  readSecretKeys,
} from "../bridge/security/keys.ts";
import { type LaneKeys, readLaneKeys } from "../bridge/supervisor/lane-keys.ts";
import { ConfigError } from "../core/errors.ts";

export const listenOptions = {
  keys: { type: "string", description: "own NAME.secret.json; then only keys of --allow connect" },
  allow: { type: "string", description: "folder of the NAME.public.json that may connect" },
  open: {
    type: "boolean",
    description: "allow an endpoint that other machines can reach without keys",
  },
} as const;

export const connectOptions = {
  keys: { type: "string", description: "own NAME.secret.json, where the other side wants keys" },
  peer: { type: "string", description: "NAME.public.json of the other side" },
} as const;

interface ListenerFiles {
  readonly keys: string | undefined;
  readonly allow: string | undefined;
}

/** @throws ConfigError when only one of the two is given, FileError when a file is wrong. */
export function listenerKeys(options: ListenerFiles): { readonly keys?: ListenerKeys } {
  const files = bothFiles(options);
  return files ? { keys: { own: files.own, allowed: readAllowed(files.allow) } } : {};
}

/** The same for a supervisor, whose `--allow` has a folder for each lane. */
export function supervisorKeys(options: ListenerFiles): { readonly keys?: LaneKeys } {
  const files = bothFiles(options);
  return files ? { keys: { own: files.own, ...readLaneKeys(files.allow) } } : {};
}

function bothFiles({ keys, allow }: ListenerFiles) {
  if (keys === undefined && allow === undefined) return undefined;
  if (keys === undefined || allow === undefined) throw bothOrNone("--keys", "--allow", keys);
  return { own: readSecretKeys(keys), allow };
}

/**
 * `named` is the option that `peer` comes from.
 * @throws ConfigError when only one of the two is given, FileError when a file is wrong.
 */
export function connectorKeys(
  { keys, peer }: { readonly keys: string | undefined; readonly peer: string | undefined },
  named = "--peer",
): { readonly keys?: ConnectorKeys } {
  if (keys === undefined && peer === undefined) return {};
  if (keys === undefined || peer === undefined) throw bothOrNone("--keys", named, keys);
  return { keys: { own: readSecretKeys(keys), peer: readPublicKey(peer).publicKey } };
}

function bothOrNone(first: string, second: string, keys: string | undefined): ConfigError {
  const found = keys === undefined ? second : first;
  return new ConfigError(
    `Expected "${first}" and "${second}" together or neither, got only "${found}". Make keys with "understudy keys NAME".`,
  );
}
