/**
 * CURVE keys in files: `NAME.secret.json` stays where it was made, `NAME.public.json` goes to the peers.
 * Whoever listens has a folder of the public keys that may connect; whoever connects has the public key of
 * the one that listens. Keys are Z85 text (ZeroMQ RFC 32), the same that pyzmq reads and writes.
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { curveKeyPair } from "zeromq";
import { z } from "zod";
import { ConfigError, FileError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";

export const z85 = z.string().regex(/^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/, "not a Z85 key");
const name = z.string().regex(/^[\w.-]{1,60}$/, "not a name of letters, digits, dots and dashes");
const publicSchema = z.strictObject({ name, publicKey: z85 });
const secretSchema = z.strictObject({ name, publicKey: z85, secretKey: z85 });

/** Both halves of a pair; stays on the machine where it was made. */
export type SecretKeys = Readonly<z.output<typeof secretSchema>>;
/** The half that peers are given. */
export type PublicKey = Readonly<z.output<typeof publicSchema>>;

/** What a listening socket needs. */
export interface ListenerKeys {
  /** Of `readSecretKeys`. */
  readonly own: SecretKeys;
  /** Names by public key of who may connect: `readAllowed` of a folder. */
  readonly allowed: ReadonlyMap<string, string>;
}

/** What a connecting socket needs. */
export interface ConnectorKeys {
  /** Of `readSecretKeys`. */
  readonly own: SecretKeys;
  /** Public key of the one that listens: `readPublicKey(file).publicKey`. */
  readonly peer: string;
}

/**
 * Makes a pair of keys and writes both files into `folder`. Returns their paths.
 * @throws ConfigError when the name cannot be a file's or is taken.
 */
export function makeKeys(folder: string, keyName: string): { secret: string; public: string } {
  if (!name.safeParse(keyName).success) {
    throw new ConfigError(
      `Expected a name of letters, digits, dots and dashes, got "${keyName}". Choose one such as "robot-1".`,
    );
  }
  const files = {
    secret: path.join(folder, `${keyName}.secret.json`),
    public: path.join(folder, `${keyName}.public.json`),
  };
  const taken = Object.values(files).find((file) => existsSync(file));
  if (taken !== undefined) {
    throw new ConfigError(
      `"${taken}" exists already, and peers may know it. Choose another name, or remove it.`,
    );
  }
  const { publicKey, secretKey } = curveKeyPair();
  writeFileWhole(files.secret, json({ name: keyName, publicKey, secretKey }), 0o600);
  writeFileWhole(files.public, json({ name: keyName, publicKey }));
  return files;
}

/** Reads NAME.secret.json. @throws FileError when the file is missing, not of this form, or readable by others. */
export function readSecretKeys(file: string): SecretKeys {
  const keys = read(file, secretSchema, "a secret key (NAME.secret.json)");
  const mode = statSync(file).mode & 0o777;
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new FileError(
      `"${file}" can be read by other users (mode ${mode.toString(8)}). Run: chmod 600 "${file}"`,
    );
  }
  return keys;
}

/** Reads NAME.public.json. @throws FileError when the file is missing or not of this form. */
export function readPublicKey(file: string): PublicKey {
  return read(file, publicSchema, "a public key (NAME.public.json)");
}

/**
 * Names by key of all public keys (NAME.public.json) in a folder.
 * @throws ConfigError when there are none, FileError when there is no such folder or one of them is not of this form
 */
export function readAllowed(folder: string): ReadonlyMap<string, string> {
  const keys = readKeysIn(folder);
  if (keys.size > 0) return keys;
  throw new ConfigError(
    `"${folder}" holds no public keys, so nobody could connect. Put the peers' NAME.public.json there.`,
  );
}

/** The same of a folder that may hold none. @throws FileError when there is no such folder. */
export function readKeysIn(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(folder)) {
    throw new FileError(
      `Expected a folder of public keys at "${folder}", found nothing. Put the peers' NAME.public.json there.`,
    );
  }
  const files = readdirSync(folder).filter((file) => file.endsWith(".public.json"));
  const keys = files.sort().map((file) => readPublicKey(path.join(folder, file)));
  return new Map(keys.map(({ name, publicKey }) => [publicKey, name]));
}

const alphabet =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** 32 bytes as Z85 text. */
export function toZ85(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    let value = 0;
    for (let i = 0; i < 4; i++) value = value * 256 + bytes[at + i];
    let group = "";
    for (let i = 0; i < 5; i++) {
      group = alphabet[value % 85] + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}

/** The bytes of a key's Z85 text. */
export function fromZ85(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length * 4) / 5);
  for (let group = 0; group < text.length / 5; group++) {
    let value = 0;
    for (let i = 0; i < 5; i++) value = value * 85 + alphabet.indexOf(text[5 * group + i]);
    for (let i = 3; i >= 0; i--) {
      bytes[4 * group + i] = value % 256;
      value = Math.floor(value / 256);
    }
  }
  return bytes;
}

function read<S extends z.ZodType>(file: string, schema: S, what: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new FileError(
      `Expected ${what} at "${file}", got: ${(error as Error).message}. Make keys with "understudy keys NAME".`,
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FileError(
    `Expected ${what} at "${file}", but ${issue.path.join(".") || "the whole"} is wrong: ${issue.message}.`,
  );
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
