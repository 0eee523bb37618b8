/** A policy server in a process of its own: `serve-tiny.ts ENDPOINT linear|summing|cnn [TTL_MS]`. */

import { servePolicy } from "../../bridge/policy-server.ts";
import { completeManifest } from "../../policies/bundle.ts";
import { loadPolicyBytes } from "../../policies/runtime/node.ts";
import { cnnPolicy, linearPolicy, summingPolicy } from "../policies/tiny-policies.ts";

const [endpoint, which, ttl_ms = "250"] = process.argv.slice(2);
const tiny = { linear: linearPolicy, summing: summingPolicy, cnn: cnnPolicy }[which];
if (!tiny) throw new Error(`internal: no policy "${which}".`);
const { onnx, manifest } = tiny();
const policy = await loadPolicyBytes(completeManifest(manifest, onnx), onnx);
const server = await servePolicy({ policy, endpoint, ttl_ms: Number(ttl_ms) });
process.send?.({ endpoint: server.endpoint });
process.on("message", (message) => {
  if (message === "report") process.send?.(server.report());
});
process.on("disconnect", () => process.exit());
