import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DeviceError, FileError, ShapeError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { completeManifest, readBundle, writeBundle } from "../../policies/bundle.ts";
import { loadPolicy, loadPolicyBytes } from "../../policies/runtime/node.ts";
import { fetchPolicy, loadWebPolicy } from "../../policies/runtime/web.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  believingPolicy,
  chunkPolicy,
  cnnPolicy,
  linearPolicy,
  summingPolicy,
} from "./tiny-policies.ts";

const root = temporaryFolder();

async function load(policy: ReturnType<typeof linearPolicy>) {
  return loadPolicyBytes(completeManifest(policy.manifest, policy.onnx), policy.onnx);
}

describe("policy runtime", () => {
  it("acts on any number of rows", async () => {
    const policy = await load(linearPolicy());
    // [x + 2y, 0.5 - z]
    const one = await policy.act({ state: Float32Array.of(0.25, 0.25, 0.25) });
    expect([...one]).toEqual([0.75, 0.25]);
    const three = await policy.act({ state: Float32Array.of(1, 1, 1, 0, 0, 0, -1, 0, 0) }, 3);
    expect([...three]).toEqual([1, -0.5, 0, 0.5, -1, 0.5]);
    await policy.close();
  });

  it("says which input is missing, unknown or of the wrong size", async () => {
    const policy = await load(linearPolicy());
    const state = new Float32Array(3);
    await expect(policy.act({})).rejects.toThrow('needs input "state", got none');
    await expect(policy.act({ state, depth: state })).rejects.toThrow(
      'has no input "depth". Inputs: "state"',
    );
    await expect(policy.act({ state }, 2)).rejects.toThrow(
      'Expected "state" of shape [2, 3] (6 numbers), got 3 numbers.',
    );
    await expect(policy.act({ state }, 2)).rejects.toThrow(ShapeError);
    await policy.close();
  });

  it("acts no more once it was closed, which it is only once", async () => {
    const policy = await load(linearPolicy());
    await policy.close();
    await policy.close();
    await expect(policy.act({ state: new Float32Array(3) })).rejects.toThrow(
      /^Policy ".*" was closed\. Load it again\.$/,
    );
  });

  it("never answers a number that is not finite", async () => {
    const policy = await load(linearPolicy());
    const state = Float32Array.of(Number.NaN, 0, 0);
    await expect(policy.act({ state })).rejects.toThrow("answered NaN");
    await policy.close();
  });

  it("remembers each row until it is reset", async () => {
    const policy = await load(summingPolicy());
    const push = Float32Array.of(0.25, 0, 0, -0.25);
    await policy.act({ push }, 2);
    expect([...(await policy.act({ push }, 2))]).toEqual([0.5, 0, 0, -0.5]);
    policy.reset(0);
    expect([...(await policy.act({ push }, 2))]).toEqual([0.25, 0, 0, -0.75]);
    policy.reset();
    expect([...(await policy.act({ push }, 2))]).toEqual([0.25, 0, 0, -0.25]);
    await policy.close();
  });

  it("refuses other rows than those it remembers, until it is reset", async () => {
    const policy = await load(summingPolicy());
    const push = Float32Array.of(0.25, 0, 0, -0.25);
    await policy.act({ push }, 2);
    await expect(policy.act({ push: push.subarray(0, 2) })).rejects.toThrow(
      new ShapeError(
        'Policy "summing" remembers 2 rows, got 1. Reset it before another number of rows.',
      ),
    );
    expect([...(await policy.act({ push }, 2))]).toEqual([0.5, 0, 0, -0.5]);
    policy.reset();
    expect([...(await policy.act({ push: push.subarray(0, 2) }))]).toEqual([0.25, 0]);
    await policy.close();
  });

  it("leaves the state to the caller in step", async () => {
    const policy = await load(summingPolicy());
    const push = Float32Array.of(0.25, 0);
    const first = await policy.step({ push }, undefined, 1);
    const second = await policy.step({ push }, first.state, 1);
    expect([...second.actions]).toEqual([0.5, 0]);
    expect([...(await policy.step({ push }, first.state, 1)).actions]).toEqual([0.5, 0]);
    await policy.close();
  });

  it("says where it believes things to be when it is asked, and not otherwise", async () => {
    const policy = await load(believingPolicy());
    const state = Float32Array.of(0.1, 0.2, 0.9, 0.3, 0.4, 0.8);
    expect(await policy.step({ state }, undefined, 2)).not.toHaveProperty("poses");
    const { poses } = await policy.step({ state }, undefined, 2, { poses: true });
    // sure by z, at (x, y)
    expect(poses).toEqual(Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.3, 0.4));
    await policy.close();
    const silent = await load(linearPolicy());
    const asked = await silent.step({ state }, undefined, 2, { poses: true });
    expect(asked).not.toHaveProperty("poses");
    await silent.close();
  });

  it("refuses a manifest of poses that the model does not give", async () => {
    const { onnx } = linearPolicy();
    const { manifest } = believingPolicy();
    const mixed = loadPolicyBytes(completeManifest(manifest, onnx), onnx);
    await expect(mixed).rejects.toThrow(/has outputs "action", its manifest "action", "poses"/);
  });

  it("gives a chunk in step, and its first action in act", async () => {
    const policy = await load(chunkPolicy());
    const state = Float32Array.of(0.25, -0.5);
    const { actions } = await policy.step({ state }, undefined, 2);
    // 3 x -0.5 is clipped
    expect([...actions]).toEqual([0.25, 0, 0.5, 0, 0.75, 0, -0.5, 0, -1, 0, -1, 0]);
    expect([...(await policy.act({ state }, 2))]).toEqual([0.25, 0, -0.5, 0]);
    await policy.close();
  });

  it("refuses a chunk of another length than the manifest says", async () => {
    const { onnx, manifest } = chunkPolicy();
    const policy = await load({ onnx, manifest: { ...manifest, steps: 4 } });
    const answer = policy.step({ state: Float32Array.of(0) }, undefined, 1);
    await expect(answer).rejects.toThrow(
      'Policy "chunks" answered 6 numbers, its manifest says 8. Export it again.',
    );
    await policy.close();
  });

  it("refuses a manifest that belongs to another model", async () => {
    const { onnx } = summingPolicy();
    const { manifest } = linearPolicy();
    const mixed = loadPolicyBytes(completeManifest(manifest, onnx), onnx);
    await expect(mixed).rejects.toThrow(FileError);
    await expect(mixed).rejects.toThrow(/has inputs "push", "total", its manifest "state"/);
  });

  it("refuses a device that is not here instead of falling back", async () => {
    await writeBundle(path.join(root, "linear"), linearPolicy());
    const loading = loadPolicy(path.join(root, "linear"), { device: "cuda" });
    const refusal = await loading.then(
      (policy) => policy.close(), // a machine that has it
      (error: unknown) => error,
    );
    if (refusal) expect(refusal).toBeInstanceOf(DeviceError);
  });
});

describe("onnxruntime-web", () => {
  it("gives the actions of onnxruntime-node from the same bundle", async () => {
    const folder = path.join(root, "cnn");
    await writeBundle(folder, cnnPolicy());
    const native = await loadPolicy(folder);
    const web = await loadWebPolicy(readBundle(folder));
    const rng = createRng(5);
    const rows = 7;
    const layers = Float32Array.from({ length: rows * 3 * 64 * 64 }, () => rng.next());
    const inputs = { layers, last_action: new Float32Array(rows * 2) };
    const [a, b] = [await native.act(inputs, rows), await web.act(inputs, rows)];
    expect(a.some((action) => Math.abs(action) > 0.05)).toBe(true);
    for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-6);
    await native.close();
    await web.close();
  });

  it("refuses bytes that are not those of the manifest", async () => {
    const { manifest, onnx } = linearPolicy();
    const complete = completeManifest(manifest, onnx);
    await expect(
      loadWebPolicy({ manifest: complete, onnx: onnx.subarray(0, 9) }, "/zoo/linear"),
    ).rejects.toThrow('The ONNX file of "/zoo/linear" has 9 bytes');
  });
});

describe("a policy that is fetched", () => {
  const { manifest, onnx } = linearPolicy();
  const whole = JSON.stringify(completeManifest(manifest, onnx));

  async function fetchedFrom(answer: RequestListener) {
    const server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      return await fetchPolicy(`http://127.0.0.1:${port}/linear`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it("acts as it does from its folder", async () => {
    const policy = await fetchedFrom(({ url }, response) => {
      response.end(url === "/linear/policy.json" ? whole : onnx);
    });
    // [x + 2y, 0.5 - z]
    expect([...(await policy.act({ state: Float32Array.of(0.25, 0.25, 0.25) }))]).toEqual([
      0.75, 0.25,
    ]);
    await policy.close();
  });

  it.each<readonly [string, RequestListener, RegExp]>([
    [
      "an address without one",
      (_, response) => response.writeHead(404).end(),
      /^Cannot fetch "http.*policy\.json": the server answered 404\.$/,
    ],
    [
      "a page that says something else",
      (_, response) => response.end("<!doctype html>"),
      /^Cannot fetch "http.*policy\.json": it is not JSON\.$/,
    ],
    [
      "a server that stops in the middle of it",
      ({ url }, response) => {
        if (url === "/linear/policy.json") response.end(whole);
        else response.writeHead(200, { "Content-Length": onnx.length }).write(onnx.subarray(0, 9));
        if (url !== "/linear/policy.json") setTimeout(() => response.destroy(), 50);
      },
      /^Cannot fetch "http.*policy\.onnx": the connection was lost\.$/,
    ],
    [
      "a server that is gone",
      (_, response) => response.destroy(),
      /^Cannot fetch "http.*policy\.json": no server answers\.$/,
    ],
  ])("is refused in a sentence from %s", async (_, answer, says) => {
    const fetched = fetchedFrom(answer);
    await expect(fetched).rejects.toThrow(FileError);
    await expect(fetched).rejects.toThrow(says);
  });
});
