/**
 * Whose keys may take which lane. The supervisor's folder of public keys has a folder for each lane; a key beside them may
 * connect, which is enough to press the emergency stop, but takes no lane. A key may lie in several.
 */

import { existsSync } from "node:fs";
import path from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { type ListenerKeys, readKeysIn } from "../security/keys.ts";
import { isProof, proofOf } from "../security/proof.ts";
import { type Lane, lanes } from "./machine.ts";

/** Who may connect to a supervisor, and take which lane; `own` beside what `readLaneKeys` reads. */
export interface LaneKeys extends ListenerKeys {
  /** Public keys that may take a lane; all of them are in `allowed`, too. */
  readonly lanes: Readonly<Record<Lane, ReadonlySet<string>>>;
}

/** What a hello says of its sender: the public key, and that it is its own. */
export interface Claim {
  readonly key: string;
  readonly proof: string;
}

/** What is proved: that the holder of the key asks for this lane in this session. */
const statement = (lane: Lane, nonce: string) => `understudy-supervisor/1 ${lane} ${nonce}`;

export function claimOf(lane: Lane, nonce: string, keys: Parameters<typeof proofOf>[1]): Claim {
  return { key: keys.own.publicKey, proof: proofOf(statement(lane, nonce), keys) };
}

/** Why the sender of a hello may not have the lane, as a sentence; undefined when it may. */
export function laneProblem(
  { own, allowed, lanes }: LaneKeys,
  lane: Lane,
  nonce: string,
  claim: Partial<Claim>,
): string | undefined {
  const { key, proof } = claim;
  const name = key === undefined ? undefined : allowed.get(key);
  if (key === undefined || proof === undefined || name === undefined) {
    return `Lane "${lane}" is for keys of its own here, and the hello names none. Connect with a key of its folder.`;
  }
  if (!isProof(proof, statement(lane, nonce), { own, peer: key })) {
    return `The peer says that it is "${name}", but does not have that key.`;
  }
  if (lanes[lane].has(key)) return undefined;
  return `Key "${name}" may not take lane "${lane}". Put ${name}.public.json into the folder "${lane}" of the allowed keys, if it should.`;
}

/**
 * Public keys in `folder` and in its folders of lanes (policy/, teleop/, operator/, watcher/).
 * @throws ConfigError when none of them could take a lane, FileError when there is no such folder
 */
export function readLaneKeys(folder: string): Pick<LaneKeys, "allowed" | "lanes"> {
  const beside = readKeysIn(folder);
  const byLane = lanes.map((lane) => {
    const own = path.join(folder, lane);
    return [lane, existsSync(own) ? readKeysIn(own) : new Map<string, string>()] as const;
  });
  if (byLane.every(([, keys]) => keys.size === 0)) {
    const where = lanes.map((lane) => `"${path.join(folder, lane)}"`).join(", ");
    throw new ConfigError(
      `No key may take a lane, so nobody could drive or arm. Put the peers' NAME.public.json into ${where}.`,
    );
  }
  const all = [beside, ...byLane.map(([, keys]) => keys)];
  const setOf = Object.fromEntries(byLane.map(([lane, keys]) => [lane, new Set(keys.keys())]));
  return {
    allowed: new Map(all.flatMap((keys) => [...keys])),
    lanes: setOf as unknown as LaneKeys["lanes"],
  };
}
