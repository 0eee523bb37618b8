/** A policy bundle: a folder with `policy.onnx` and `policy.json`, whole or absent. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FileError } from "../core/errors.ts";
import { isFolder, writeFolderWhole } from "../core/files.ts";
import { packageRoot } from "../core/package-root.ts";
import {
  type ManifestDraft,
  manifestFormat,
  type PolicyManifest,
  parseManifest,
} from "./manifest.ts";

export const onnxName = "policy.onnx";
export const manifestName = "policy.json";
/** The folder of the bundles that ship, such as `push-pair`, wherever the package is installed. */
export const zooFolder: string = path.join(packageRoot, "policies", "zoo");

export interface PolicyBundle {
  readonly folder: string;
  readonly manifest: PolicyManifest;
  readonly onnx: Uint8Array;
}

/** Adds what only the written bytes can tell, and checks the whole. */
export function completeManifest(draft: ManifestDraft, onnx: Uint8Array): PolicyManifest {
  const identity = { bytes: onnx.length, sha256: sha256(onnx) };
  return parseManifest({ format: manifestFormat, ...draft, onnx: identity }, draft.name);
}

/** Writes the two files beside `folder`, then puts them in its place. @throws FileError where other files are */
export async function writeBundle(
  folder: string,
  { onnx, manifest }: { readonly onnx: Uint8Array; readonly manifest: ManifestDraft },
): Promise<PolicyManifest> {
  const complete = completeManifest(manifest, onnx);
  await writeFolderWhole(folder, [onnxName, manifestName], (beside) => {
    writeFileSync(path.join(beside, onnxName), onnx);
    writeFileSync(path.join(beside, manifestName), `${JSON.stringify(complete, null, 2)}\n`);
  });
  return complete;
}

/**
 * Reads and checks a bundle; `loadPolicy` makes it act.
 * @throws FileError when a file is missing, not of the schema, newer, truncated or altered.
 */
export function readBundle(folder: string): PolicyBundle {
  if (!isFolder(folder)) {
    throw new FileError(
      `There is no policy bundle at "${folder}". Expected a folder with ${onnxName} and ${manifestName}; those that ship are in "${zooFolder}".`,
    );
  }
  const manifestFile = path.join(folder, manifestName);
  const manifest = parseManifest(parseJson(manifestFile), manifestFile);
  const onnxFile = path.join(folder, onnxName);
  const onnx = read(onnxFile);
  if (onnx.length !== manifest.onnx.bytes) {
    throw new FileError(
      `"${onnxFile}" has ${onnx.length} bytes, its manifest says ${manifest.onnx.bytes}. Export or download the bundle again.`,
    );
  }
  if (sha256(onnx) !== manifest.onnx.sha256) {
    throw new FileError(
      `"${onnxFile}" was altered: its SHA-256 is not the manifest's. Export or download the bundle again.`,
    );
  }
  return { folder, manifest, onnx };
}

function parseJson(file: string): unknown {
  const text = read(file).toString("utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FileError(`"${file}" is not JSON: ${(error as Error).message}.`);
  }
}

function read(file: string): Buffer {
  if (!existsSync(file)) {
    throw new FileError(
      `The policy bundle lacks "${file}". Expected a folder with ${onnxName} and ${manifestName}.`,
    );
  }
  return readFileSync(file);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
