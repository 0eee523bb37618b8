/** Files from the person's disk: a replay or recording, or the two files of a policy bundle. */

import { FileError } from "../core/errors.ts";
import { trainedIn } from "./library-list.ts";
import type { BundleFiles } from "./messages.ts";

export interface DroppedBundle {
  readonly kind: "bundle";
  readonly name: string;
  readonly scene: string;
  /** Of the scene, as `trainedIn` has them. */
  readonly settings: readonly string[];
  readonly bundle: BundleFiles;
}

export type Dropped =
  | { readonly kind: "replay"; readonly file: Uint8Array; readonly source: string }
  | DroppedBundle;

/** @throws FileError for files that are neither. */
export async function readDropped(files: readonly File[]): Promise<Dropped> {
  const onnx = files.find(({ name }) => name.endsWith(".onnx"));
  const manifest = files.find(({ name }) => name === "policy.json");
  if (onnx && manifest) return readBundle(manifest, onnx);
  if (onnx || manifest) {
    const [found, missing] = onnx ? [onnx.name, "policy.json"] : ["policy.json", "policy.onnx"];
    throw new FileError(
      `A policy is two files, policy.json and policy.onnx: "${found}" came without ${missing}. Drop both, or their folder.`,
    );
  }
  const recording = files.find(({ name }) => /\.(json|mcap)$/.test(name));
  if (!recording) {
    const names = files.map(({ name }) => `"${name}"`).join(", ") || "nothing";
    throw new FileError(
      `Expected a replay (.json), a recording (.mcap) or a policy's folder, got ${names}.`,
    );
  }
  return { kind: "replay", file: await bytesOf(recording), source: recording.name };
}

async function readBundle(manifest: File, onnx: File): Promise<DroppedBundle> {
  const text = await manifest.text();
  const bundle = { manifest: text, onnx: await bytesOf(onnx) };
  return { kind: "bundle", ...headOf(text), bundle };
}

/** What the page needs of the manifest; the policy's runtime checks all of it. */
export function headOf(text: string): Omit<DroppedBundle, "kind" | "bundle"> {
  let manifest: Readonly<Record<string, unknown>> | null = null;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new FileError(`The dropped policy.json is not JSON: ${(error as Error).message}.`);
  }
  const { name, scene, sceneConfig } = manifest ?? {};
  if (typeof name !== "string" || typeof scene !== "string") {
    throw new FileError(
      "The dropped policy.json does not name its policy and scene. Drop the two files that understudy export wrote.",
    );
  }
  return { name, scene, settings: trainedIn(sceneConfig) };
}

async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}
