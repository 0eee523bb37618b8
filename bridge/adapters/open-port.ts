/** Foreign protocols have no encryption: who may listen where, which pages may ask, and how a token is compared. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ConfigError, WireError } from "../../core/errors.ts";
import { isLocal, refuseNoEndpoint } from "../sockets.ts";

/** @throws ConfigError for an endpoint open to the network unless that was asked for by name. */
export function checkLocal(endpoint: string, allowOpenPort: boolean): void {
  refuseNoEndpoint(endpoint);
  if (allowOpenPort || isLocal(endpoint)) return;
  throw new ConfigError(
    `Endpoint "${endpoint}" is open to the network, and this protocol has no encryption. Use 127.0.0.1 and an SSH tunnel, or allow an open port by name.`,
  );
}

export function cannotListen(endpoint: string, error: unknown): WireError {
  const reason = (error as Error).message;
  return new WireError(`Cannot listen at "${endpoint}": ${reason}. Choose another port.`);
}

/** False for pages of other sites: browsers say where a script comes from, programs say nothing. */
export function isOwnPage({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  const local = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? "");
  return local && (origin === undefined || origin === `http://${host}`);
}

/** Compares without telling by its time how much was right. */
export function sameSecret(given: string | undefined, secret: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given ?? ""), hash(secret)) && given !== undefined;
}
