/** Where a policy comes from: what only its maker knows, and what can be looked up. */

import { execFileSync } from "node:child_process";
import { packageFacts } from "../core/package-root.ts";
import type { ManifestDraft } from "./manifest.ts";

type Provenance = ManifestDraft["provenance"];

/** What only the maker of a policy knows. */
export interface PolicySource {
  /** What to run to get the policy again. */
  readonly command: string;
  /** The checkpoint it was distilled from. */
  readonly teacher?: string;
  /** All that it was learnt from, those of its teacher included. */
  readonly environmentSteps: number;
}

/** The whole that a manifest wants: with the commit of the current folder's repository, "unknown" where there is none, and the versions that run. */
export function provenanceOf(
  { command, teacher, environmentSteps }: PolicySource,
  seed: number,
): Provenance {
  return {
    command,
    commit: commit(),
    seed,
    environmentSteps,
    ...(teacher === undefined ? {} : { teacher }),
    versions: versions(),
  };
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "unknown";
  }
}

function versions(): Record<string, string> {
  const { version, dependencies } = packageFacts();
  return {
    understudy: version,
    node: process.versions.node,
    onnxruntime: dependencies["onnxruntime-node"],
  };
}
