/** What the commands that speak other people's protocols share. */

import { readFileSync } from "node:fs";
import { onlyCamera } from "../bridge/adapters/policy-session.ts";
import type { AdapterReport, RefusalLog } from "../bridge/adapters/refusal.ts";
import { recordedPolicy } from "../bridge/recorder/recorded-policy.ts";
import { ConfigError, FileError } from "../core/errors.ts";
import { readBundle } from "../policies/bundle.ts";
import { loadPolicy } from "../policies/runtime/node.ts";
import type { PolicyRuntime } from "../policies/runtime/runtime.ts";
import type { Context, Io, Options, ValuesOf } from "./command.ts";
import { formatInteger } from "./format.ts";
import { openRecorder, recordOptions, wallClock_ns } from "./recording/open-recorder.ts";
import { formatTable } from "./table.ts";

/** For commands that hold a policy. */
export const policyOptions = {
  policy: { type: "string", required: true, description: "folder of the policy bundle" },
  ...recordOptions,
} as const satisfies Options;

type PolicyContext = Pick<Context<typeof policyOptions>, "options" | "io">;

/** For commands that serve one. */
export const adapterOptions = {
  ...policyOptions,
  names: {
    type: "string",
    description: "input=name,...: what the robot calls the policy's inputs, where it differs",
  },
  secret_file: {
    type: "string",
    description: "file whose first line is the token (or API key) that clients must send",
  },
  open: {
    type: "boolean",
    description: "allow an address that other machines can reach; nothing is encrypted",
  },
} as const satisfies Options;

/** The policy, recorded where the options say so. `close` closes both. */
export async function openPolicy(
  options: ValuesOf<typeof policyOptions>,
  io: Io,
): Promise<{ readonly policy: PolicyRuntime; close(): Promise<void> }> {
  const policy = await loadPolicy(options.policy);
  const recording = await openRecorder(options, io, policy.manifest);
  const close = async () => {
    await policy.close();
    await recording?.recorder.close();
  };
  if (!recording) return { policy, close };
  return { policy: recordedPolicy(policy, recording.recorder, wallClock_ns), close };
}

/** Lets `drive` have the policy, which must see by one camera; it is closed whatever comes of that. */
export async function withCameraPolicy<C extends PolicyContext>(
  context: C,
  drive: (context: C, policy: PolicyRuntime) => Promise<void>,
): Promise<void> {
  onlyCamera(readBundle(context.options.policy).manifest);
  const { policy, close } = await openPolicy(context.options, context.io);
  try {
    await drive(context, policy);
  } finally {
    await close();
  }
}

/** What a policy has done that drove a robot by another protocol. */
export function drivenReport(
  report: Context["report"],
  { seen, actions, refusals }: { seen: string; actions: number; refusals: RefusalLog },
): void {
  report({ actions, refused: refusals.byReason() }, () =>
    formatTable(
      [{ title: seen }, { title: "count", align: "right" }],
      [
        ["answered", formatInteger(actions)],
        ["refused", formatInteger(refusals.total)],
      ],
    ),
  );
}

/** `layers=front,goal=target` as a table. */
export function namesOf(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  const pairs = text.split(",").map((pair) => {
    const [input, name, ...rest] = pair.split("=");
    if (input && name && rest.length === 0) return [input, name] as const;
    throw new ConfigError(`"--names" must read input=name,input=name, got "${text}".`);
  });
  return Object.fromEntries(pairs);
}

/** The first line of a file, where one is named; never logged. */
export function secretOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new FileError(`Cannot read the secret in "${file}": ${(error as Error).message}.`);
  }
  const [secret] = text.split("\n", 1);
  if (secret.trim() !== "") return secret.trim();
  throw new FileError(`The first line of "${file}" is empty. Write the token there.`);
}

/** What a server of another protocol has done, once it has ended. */
export function adapterReport(
  report: Context["report"],
  endpoint: string,
  { requests, actions, refused }: AdapterReport,
): void {
  report({ endpoint, requests, actions, refused }, () =>
    formatTable(
      [{ title: "requests" }, { title: "count", align: "right" }],
      [
        ["received", formatInteger(requests)],
        ["answered with actions", formatInteger(actions)],
        ...Object.entries(refused).map(([why, count]) => [`refused: ${why}`, formatInteger(count)]),
      ],
    ),
  );
}
