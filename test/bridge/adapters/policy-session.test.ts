/** What a policy gets to see of what a robot sent, whichever form that had. */

import { expect, it } from "vitest";
import { arrayIn, encodeRequest } from "../../../bridge/adapters/gr00t-messages.ts";
import { Gr00tService } from "../../../bridge/adapters/gr00t-server.ts";
import { unpack } from "../../../bridge/adapters/msgpack.ts";
import { ndarray } from "../../../bridge/adapters/numpy.ts";
import { PolicySession } from "../../../bridge/adapters/policy-session.ts";
import { encodeRoles } from "../../../bridge/adapters/role-image.ts";
import { namesOf, secretOf } from "../../../cli/adapt.ts";
import { createRuntime } from "../../../policies/runtime/runtime.ts";
import { drive, drivenBy, smallCamera, smallLayers } from "../../policies/tiny-policies.ts";

const columns = drive.columns.map(({ name, width }) => ({ name, width }));
const manifest = drivenBy([
  smallLayers,
  { name: "previous", shape: [2], dtype: "float32", low: -1, high: 1, columns },
]);

/** A runtime whose network notes its inputs and answers 0.25, 0.5. */
function watched() {
  const fed: Record<string, readonly number[]>[] = [];
  const policy = createRuntime(manifest, {
    inputNames: ["layers", "previous"],
    outputNames: ["action"],
    async run(feeds) {
      fed.push(Object.fromEntries(Object.entries(feeds).map(([k, { data }]) => [k, [...data]])));
      return { action: Float32Array.of(0.25, 0.5) };
    },
    close: async () => {},
  });
  return { policy, fed, session: new PolicySession(policy) };
}

// multiples of the code's step, so that codes are exact: 1.5 / m is code 50
const layers = Float32Array.from({ length: 16 }, (_, i) => (i % 3 === 0 ? 1.5 : 0));

it("sees the same image as channels first, channels last, or colour codes", async () => {
  const last = new Float32Array(16);
  for (let c = 0; c < 2; c++) for (let p = 0; p < 8; p++) last[p * 2 + c] = layers[c * 8 + p];
  const forms = [
    ndarray(layers, [2, 2, 4]),
    ndarray(last, [2, 4, 2]),
    ndarray(encodeRoles(layers, smallCamera), [2, 4, 3]),
  ];
  for (const form of forms) {
    const { fed, session } = watched();
    await session.act((name) => (name === "layers" ? form : undefined), 0);
    expect(fed[0].layers).toEqual([...layers].map((v) => expect.closeTo(v, 6)));
  }
});

it("takes faint codes, such as JPEG's smear, for nothing", async () => {
  const { fed, session } = watched();
  const faint = ndarray(new Uint8Array(24).fill(7), [2, 4, 3]);
  await session.act((name) => (name === "layers" ? faint : undefined), 0);
  expect(new Set(fed[0].layers)).toEqual(new Set([0]));
});

it("fills in the last action, from the second step on and until a reset", async () => {
  const { fed, session } = watched();
  const find = (name: string) => (name === "layers" ? ndarray(layers, [2, 2, 4]) : undefined);
  await session.act(find, 0);
  await session.act(find, 0);
  session.reset();
  await session.act(find, 0);
  expect(fed.map(({ previous }) => previous)).toEqual([
    [0, 0],
    [0.25, 0.5],
    [0, 0],
  ]);
});

it("passes chunks on, and takes the last of one for the last action", async () => {
  const { policy, fed } = watched();
  const chunks = {
    ...policy,
    manifest: { ...policy.manifest, steps: 3 },
    step: async (...words: Parameters<typeof policy.step>) => {
      const { state } = await policy.step(...words);
      return { actions: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), state };
    },
  };
  const service = new Gr00tService({ policy: chunks });
  const video = { layers: ndarray(layers, [1, 1, 2, 2, 4]) };
  const request = encodeRequest("get_action", { observation: { video } }, undefined);
  const reply = unpack(await service.answer([request]));
  const [action] = Array.isArray(reply) ? reply : [];
  expect(arrayIn(action, "action")?.shape).toEqual([1, 3, 2]);
  await service.answer([request]);
  expect(fed[1].previous).toEqual([expect.closeTo(0.5, 6), expect.closeTo(0.6, 6)]);
});

it("believes a robot that sends its last action itself", async () => {
  const { fed, session } = watched();
  const own = ndarray(Float32Array.of(-1, 1), [2]);
  await session.act((name) => (name === "layers" ? ndarray(layers, [2, 2, 4]) : own), 0);
  expect(fed[0].previous).toEqual([-1, 1]);
});

it("refuses numbers outside the limits of an input", async () => {
  const { session } = watched();
  const previous = ndarray(Float32Array.of(0, -1.5), [2]);
  const find = (name: string) => (name === "layers" ? ndarray(layers, [2, 2, 4]) : previous);
  await expect(session.act(find, 0)).rejects.toThrow(
    '"previous" holds -1.5, which is outside its limits: from -1 to 1.',
  );
});

it("finds an input under the robot's name, and says which one is missing", async () => {
  const { policy } = watched();
  const session = new PolicySession(policy, namesOf("layers=front"));
  const find = (name: string) => (name === "front" ? ndarray(layers, [2, 2, 4]) : undefined);
  expect([...(await session.act(find, 0))]).toEqual([0.25, 0.5]);
  await expect(session.act(() => undefined, 0)).rejects.toThrow(
    'Expected "front" of shape [2, 2, 4], which was not sent.',
  );
});

it("the command line says what is wrong with names and secrets", () => {
  expect(() => namesOf("layers")).toThrow('must read input=name,input=name, got "layers"');
  expect(() => secretOf("/nowhere/token")).toThrow('Cannot read the secret in "/nowhere/token"');
});
