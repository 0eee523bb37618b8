/**
 * The allow-list of listening sockets: ZeroMQ asks, by the authentication protocol ZAP (RFC 27), whether
 * a key may connect. One handler serves all sockets of the process, told apart by their domain.
 */

import { Reply, type Router } from "zeromq";
import type { Refusals } from "../counts.ts";
import { type ListenerKeys, toZ85 } from "./keys.ts";

interface Guarded {
  readonly allowed: ReadonlyMap<string, string>;
  readonly refusals: Refusals;
}

const guarded = new Map<string, Guarded>();
let handler: Reply | undefined;
let domains = 0;

/** Sets the options of a socket that does not listen yet. Call what it returns when the socket closes. */
export async function guard(
  socket: Router,
  keys: ListenerKeys,
  refusals: Refusals,
): Promise<() => void> {
  const domain = `understudy-${domains++}`;
  guarded.set(domain, { allowed: keys.allowed, refusals });
  await openHandler();
  socket.curveServer = true;
  socket.curvePublicKey = keys.own.publicKey;
  socket.curveSecretKey = keys.own.secretKey;
  socket.zapDomain = domain;
  // a peer that will not shake hands as it should never gets as far as the handler
  socket.events.on("handshake:error:protocol", ({ address }) => {
    refusals.add("no keys", `A peer of ${address} did not speak CURVE. Give it keys.`);
  });
  return () => {
    guarded.delete(domain);
    if (guarded.size > 0) return;
    handler?.close();
    handler = undefined;
  };
}

async function openHandler(): Promise<void> {
  if (handler) return;
  handler = new Reply({ linger: 0 });
  await handler.bind("inproc://zeromq.zap.01");
  void answerAll(handler);
}

async function answerAll(socket: Reply): Promise<void> {
  while (!socket.closed) {
    try {
      const request = await socket.receive();
      await socket.send(answerTo(request));
    } catch (error) {
      if (!socket.closed) throw error;
    }
  }
}

/** RFC 27: version, request id, domain, address, identity, mechanism, credentials. */
function answerTo([version, id, domain, address, , mechanism, key]: readonly Buffer[]): (
  | string
  | Buffer
)[] {
  const asked = guarded.get(String(domain));
  const text = key?.length === 32 ? toZ85(key) : "";
  const name = String(mechanism) === "CURVE" ? asked?.allowed.get(text) : undefined;
  if (name === undefined) {
    asked?.refusals.add("unknown key", `Key "${text}" of ${address} is not on the allow-list.`);
  }
  const status = name === undefined ? ["400", "unknown key", ""] : ["200", "OK", name];
  return [version, id, ...status, ""];
}
