/**
 * Which key a message came with. zeromq.js does not tell, so a peer proves it: both ends of a connection can work out the
 * same secret from their own secret key and the other's public one (X25519, as in CURVE itself), and nobody else can.
 */

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  timingSafeEqual,
} from "node:crypto";
import { fromZ85 } from "./keys.ts";

interface Pair {
  readonly own: { readonly publicKey: string; readonly secretKey: string };
  /** Public key of the other end. */
  readonly peer: string;
}

/** Hex text that only the two holders of these keys can make of `text`. */
export function proofOf(text: string, { own, peer }: Pair): string {
  const shared = diffieHellman({ privateKey: secretOf(own), publicKey: publicOf(peer) });
  return createHmac("sha256", shared).update(text).digest("hex");
}

/** Whether `proof` is that, found out in the same time whatever is wrong with it. */
export function isProof(proof: string, text: string, pair: Pair): boolean {
  const expected = Buffer.from(proofOf(text, pair), "hex");
  const found = Buffer.from(proof, "hex");
  return found.length === expected.length && timingSafeEqual(found, expected);
}

function secretOf({ publicKey, secretKey }: Pair["own"]) {
  return createPrivateKey({ key: { ...jwk(publicKey), d: base64(secretKey) }, format: "jwk" });
}

function publicOf(publicKey: string) {
  return createPublicKey({ key: jwk(publicKey), format: "jwk" });
}

function jwk(publicKey: string) {
  return { kty: "OKP", crv: "X25519", x: base64(publicKey) };
}

function base64(z85: string): string {
  return Buffer.from(fromZ85(z85)).toString("base64url");
}
