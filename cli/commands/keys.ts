/** `understudy keys NAME`: makes a pair of CURVE keys, for policies and robots on different machines. */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { makeKeys, readPublicKey } from "../../bridge/security/keys.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatTable } from "../table.ts";

export const keys = defineCommand({
  examples: [
    ["keys robot-1", "make keys/robot-1.secret.json to keep and keys/robot-1.public.json to give"],
    ["keys", "list the public keys in the folder"],
  ],
  positionals: ["name"],
  options: {
    folder: { type: "string", default: "keys", description: "where key files are" },
    ...jsonOption,
  },
  run({ options: { folder }, positionals: [name], report }) {
    if (name === undefined) return list(folder, report);
    const files = makeKeys(folder, name);
    const { publicKey } = readPublicKey(files.public);
    report({ name, publicKey, ...files }, () =>
      [
        `Keep ${files.secret} on this machine. Give ${files.public} away:`,
        "  the side that listens puts it into its --allow folder; the side that connects names it as --peer.",
      ].join("\n"),
    );
  },
});

function list(folder: string, report: (data: unknown, text: () => string) => void): void {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const found = files
    .filter((file) => file.endsWith(".public.json"))
    .sort()
    .map((file) => readPublicKey(path.join(folder, file)));
  report(found, () =>
    found.length === 0
      ? `No public keys in "${folder}". Make some: understudy keys NAME`
      : formatTable(
          [{ title: "name" }, { title: "public key" }],
          found.map(({ name, publicKey }) => [name, publicKey]),
        ),
  );
}
