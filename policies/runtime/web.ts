/** The same bundles on onnxruntime-web (wasm): browsers, and machines without a native build. */

import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { FileError } from "../../core/errors.ts";
import { type PolicyManifest, parseManifest } from "../manifest.ts";
import {
  type Backend,
  backendOf,
  createRuntime,
  notLoading,
  type PolicyRuntime,
} from "./runtime.ts";

/** Fetches `<url>/policy.json` and `<url>/policy.onnx`, then loads them. @throws FileError for what does not come, and for a bad bundle */
export async function fetchPolicy(url: string): Promise<PolicyRuntime> {
  const manifest = await fetchWhole(`${url}/policy.json`, (response) => response.json());
  const onnx = await fetchWhole(`${url}/policy.onnx`, (response) => response.arrayBuffer());
  return loadWebPolicy({ manifest, onnx: new Uint8Array(onnx) }, url);
}

/** Loads a bundle whose two files are already here. @throws FileError for a bad bundle. */
export async function loadWebPolicy(
  bundle: { readonly manifest: unknown; readonly onnx: Uint8Array },
  source = "bundle",
): Promise<PolicyRuntime> {
  const manifest = parseManifest(bundle.manifest, source);
  if (bundle.onnx.length !== manifest.onnx.bytes) {
    throw new FileError(
      `The ONNX file of "${source}" has ${bundle.onnx.length} bytes, its manifest says ${manifest.onnx.bytes}. Load it again.`,
    );
  }
  return createRuntime(manifest, await openSession(manifest, bundle.onnx));
}

async function openSession(manifest: PolicyManifest, onnx: Uint8Array): Promise<Backend> {
  // one thread: no cross-origin isolation is needed, and results do not depend on the machine
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(onnx, {
    executionProviders: ["wasm"],
    logSeverityLevel: 4,
  }).catch((error: Error) => {
    throw notLoading(manifest, error);
  });
  return backendOf(session, ({ data, dims }) => new Tensor("float32", data, dims));
}

async function fetchWhole<T>(url: string, read: (response: Response) => Promise<T>): Promise<T> {
  const refuse = (why: string) => new FileError(`Cannot fetch "${url}": ${why}.`);
  const response = await fetch(url).catch(() => {
    throw refuse("no server answers");
  });
  if (!response.ok) throw refuse(`the server answered ${response.status}`);
  return read(response).catch((error: unknown) => {
    throw refuse(error instanceof SyntaxError ? "it is not JSON" : "the connection was lost");
  });
}
