import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FileError, WireError } from "../../core/errors.ts";
import { PlanRefusedError } from "../../llm-planner/check.ts";
import { makePlan } from "../../llm-planner/make-plan.ts";
import { planAnswerSchema } from "../../llm-planner/plan.ts";
import {
  type EndpointOptions,
  EndpointPlanner,
  type LogEntry,
} from "../../llm-planner/providers/endpoint.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type Endpoint, openEndpoint, type Reply } from "./misbehaving-endpoint.ts";
import { assembled } from "./support.ts";

const KEY = "sk-very-secret-0123456789";
const base = assembled("push-pair");
const good = JSON.stringify({
  stages: [{ name: "place", active: "object", place: { anchor: "anchor", x_m: 0.25, y_m: 0 } }],
});

const folder = temporaryFolder();

const open: Endpoint[] = [];
afterEach(async () => {
  for (const endpoint of open.splice(0)) await endpoint.close();
});

/** Asks an endpoint that follows a script; the rehearsal is left out. */
async function ask(replies: readonly Reply[], options: Partial<EndpointOptions> = {}) {
  const endpoint = await openEndpoint(replies);
  open.push(endpoint);
  const log: LogEntry[] = [];
  const planner = new EndpointPlanner({
    url: endpoint.url,
    model: "test",
    key: KEY,
    limit_s: 5,
    clock: () => performance.now(),
    log: (entry) => log.push(entry),
    ...options,
  });
  const began = performance.now();
  const making = makePlan({
    planner,
    scene: "push-pair",
    base,
    instruction: "put the object in front of the anchor",
    seed: 1,
    rehearse: false,
  });
  const outcome = await making.then(
    (made) => ({ made, error: undefined }),
    (error: unknown) => ({ made: undefined, error: error as Error }),
  );
  const everything = JSON.stringify([
    outcome.error?.message,
    outcome.error?.stack,
    log,
    planner.name,
  ]);
  return { ...outcome, log, endpoint, everything, took_s: (performance.now() - began) / 1000 };
}

describe("an endpoint that works", () => {
  it("is asked with the schema, the scene as data and the key, and its plan is taken", async () => {
    const { made, endpoint, log } = await ask([{ answer: good }], {
      price: { input: 2, output: 10 },
    });
    expect(made?.plan.stages[0]).toMatchObject({ active: "object", budgetSteps: 300 });
    expect(made?.tokens).toEqual({ input: 1200, output: 90 });
    const [{ body, key }] = endpoint.requests;
    expect(key).toBe(`Bearer ${KEY}`);
    expect(body).toMatchObject({
      model: "test",
      temperature: 0,
      response_format: { type: "json_schema", json_schema: { strict: true } },
    });
    const messages = body.messages as { role: string; content: string }[];
    expect(JSON.parse(messages[1].content)).toMatchObject({
      instruction: "put the object in front of the anchor",
      scene: { scene: "push-pair", objects: [{ name: "anchor" }, { name: "object" }] },
    });
    // 1,200 tokens at 2 and 90 at 10 for a million
    expect(log).toMatchObject([{ outcome: "answered", inputTokens: 1200, outputTokens: 90 }]);
    expect(log[0].cost).toBeCloseTo(0.0024 + 0.0009, 9);
  });

  it("gets every property of the schema required and none added, as structured output asks", async () => {
    const { endpoint } = await ask([{ answer: good }]);
    const format = endpoint.requests[0].body.response_format as {
      json_schema: { schema: unknown };
    };
    const seen: string[] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      const { type, properties, required, additionalProperties } = node as Record<string, unknown>;
      if (type === "object") {
        seen.push(...Object.keys(properties as object));
        expect(additionalProperties).toBe(false);
        expect(required).toEqual(Object.keys(properties as object));
      }
      expect(node).not.toHaveProperty("default");
      for (const child of Object.values(node)) walk(child);
    };
    walk(format.json_schema.schema);
    expect(seen).toContain("yaw_deg");
    // and an answer that fits it fits ours
    expect(planAnswerSchema.safeParse(JSON.parse(good)).success).toBe(true);
  });

  it("is sent no header that is not the planner's, whatever the environment says", async () => {
    vi.stubEnv(
      "OPENAI_CUSTOM_HEADERS",
      "x-secret: of the environment\nauthorization: Bearer other",
    );
    const { endpoint } = await ask([{ answer: good }]);
    vi.unstubAllEnvs();
    const [{ key, headers }] = endpoint.requests;
    expect(key).toBe(`Bearer ${KEY}`);
    expect(headers).not.toHaveProperty("x-secret");
  });

  it("is told why its plan was refused, and may mend it", async () => {
    const wrong = good.replace('"object"', '"box"');
    const { made, endpoint } = await ask([{ answer: wrong }, { answer: good }]);
    expect(made?.refusals).toHaveLength(1);
    const messages = endpoint.requests[1].body.messages as { role: string; content: string }[];
    expect(messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(messages[3].content).toContain('names "box", which is not in the scene');
  });

  it("is asked once for the same thing where there is a cache", async () => {
    const cache = path.join(folder, "cache");
    const endpoint = await openEndpoint([{ answer: good }]);
    open.push(endpoint);
    const log: LogEntry[] = [];
    for (let i = 0; i < 2; i++) {
      const planner = new EndpointPlanner({
        url: endpoint.url,
        model: "test",
        key: KEY,
        cache,
        clock: () => 0,
        log: (entry) => log.push(entry),
      });
      const options = { planner, scene: "push-pair", base, instruction: "put it there", seed: 1 };
      await makePlan({ ...options, rehearse: false });
    }
    expect(endpoint.requests).toHaveLength(1);
    expect(log.map(({ outcome }) => outcome)).toEqual(["answered", "cached"]);
    const files = readdirSync(cache).map((name) => readFileSync(path.join(cache, name), "utf8"));
    expect(files.join()).not.toContain(KEY);
  });
});

it("an answer that cannot be kept is logged as one, and the cache is what is wrong", async () => {
  const endpoint = await openEndpoint([{ answer: good }]);
  open.push(endpoint);
  const log: LogEntry[] = [];
  // a file where its folder should be
  const cache = path.join(folder, "occupied");
  writeFileSync(cache, "");
  const planner = new EndpointPlanner({
    ...{ url: endpoint.url, model: "test", cache, price: { input: 2, output: 10 } },
    clock: () => 0,
    log: (entry) => log.push(entry),
  });
  const asked = { planner, scene: "push-pair", base, instruction: "put it there", seed: 1 };
  const made = makePlan({ ...asked, rehearse: false });
  await expect(made).rejects.toThrow(FileError);
  await expect(made).rejects.toThrow(/cannot be kept in the cache ".*occupied": .*\. Give another/);
  expect(endpoint.requests).toHaveLength(1);
  expect(log.map(({ outcome, outputTokens }) => [outcome, outputTokens])).toEqual([
    ["answered", 90],
  ]);
});

describe("an endpoint that does not", () => {
  const busy: Reply = { status: 429, headers: { "retry-after": "0" }, body: "{}" };
  const cut: Reply = { answer: good, cutAfter: 2 };

  it.each<[string, Reply]>([
    ["too many requests", busy],
    ["a server error", { status: 503, body: "down" }],
    ["a stream that is cut", cut],
    ["an answer without an end", { answer: good, finish: "length" }],
  ])("%s passes when it is tried again", async (_, reply) => {
    const { made, endpoint } = await ask([reply, { answer: good }]);
    expect(made?.plan.stages).toHaveLength(1);
    expect(endpoint.requests).toHaveLength(2);
  });

  it.each<[string, readonly Reply[], RegExp]>([
    ["too many requests", [busy], /too many requests \(429\)/],
    ["a stream that is cut", [cut], /stream was cut/],
    ["a server error", [{ status: 500, body: "no" }], /status 500/],
    ["an endless answer", [{ endless: true }], /does not end/],
    ["a stream that is no JSON", [{ event: "{not json" }], /no JSON/],
    ["an unknown model", [{ status: 404, body: '{"error":{"message":"no"}}' }], /no such model/],
    [
      "a key that is refused and repeated",
      [{ status: 401, body: JSON.stringify({ error: { message: `bad key ${KEY}` } }) }],
      /refused the key/,
    ],
    [
      "a key that an odd error repeats",
      [{ status: 400, body: JSON.stringify({ error: { message: `bad ${KEY}` } }) }],
      /status 400: .*\[key\]/,
    ],
    [
      "a key where its words are cut",
      [{ status: 400, body: JSON.stringify({ error: { message: `${"x".repeat(180)} ${KEY}` } }) }],
      /status 400: 400 x{180} \[key\]$/,
    ],
    [
      "an error that moves the cursor",
      [{ status: 400, body: JSON.stringify({ error: { message: "\u001b[2Jgone\u0007" } }) }],
      /status 400: 400 {2}\[2Jgone $/,
    ],
    [
      "an error within the stream",
      [{ event: '{"error":{"message":"9000 tokens are more than 8192"}}' }],
      /broke off: 9000 tokens are more than 8192/,
    ],
    ["an empty answer", [{ answer: "" }], /the answer is empty/],
    ["a model that declines", [{ answer: "", refusal: "I cannot." }], /not answer: I cannot\./],
    ["a filter", [{ answer: good, finish: "content_filter" }], /not answer: a filter/],
  ])("%s is a clear refusal", async (_, replies, message) => {
    const { error, log, everything } = await ask(replies, { retries: 1 });
    expect(error).toBeInstanceOf(WireError);
    expect(error?.message).toMatch(message);
    expect(error?.message.split("\n")).toHaveLength(1);
    expect(log).toMatchObject([{ outcome: "failed" }]);
    expect(everything).not.toContain(KEY);
    for (let end = 4; end < KEY.length; end++) expect(everything).not.toContain(KEY.slice(0, end));
  });

  it.each<[string, Reply]>([
    ["nothing", { answer: "" }],
    ["a refusal", { answer: "", refusal: "I cannot." }],
    ["half of what a filter let through", { answer: "{", finish: "content_filter" }],
  ])("%s is not kept in a cache", async (_, reply) => {
    const options = { cache: path.join(folder, "declined"), retries: 0 };
    const { error } = await ask([reply], options);
    expect(error).toBeInstanceOf(WireError);
    expect(existsSync(options.cache)).toBe(false);
  });

  it("silence ends at the limit, retries included", async () => {
    const { error, took_s } = await ask([{ silent: true }], { limit_s: 1, retries: 5 });
    expect(error).toBeInstanceOf(WireError);
    expect(error?.message).toMatch(/no answer within 1 s/);
    expect(took_s).toBeGreaterThan(0.9);
    expect(took_s).toBeLessThan(10);
  });

  it("nobody listening is a clear refusal", async () => {
    const { error } = await ask([], { url: "http://127.0.0.1:9/v1", retries: 0 });
    expect(error?.message).toMatch(/no connection/);
  });

  it.each([
    ["no JSON", "Sure! Here is your plan.", /not JSON\. It begins with "Sure! Here/],
    ["another schema", '{"plan": []}', /does not fit: .*stages/],
    ["code", '{"stages":[{"name":"a","active":"object","run":"rm -rf"}]}', /Unrecognized key/],
    ["nothing", '{"stages":[]}', /does not fit: stages/],
  ])("%s is refused after three tries, with the reason", async (_, answer, reason) => {
    const { error, endpoint } = await ask([{ answer }]);
    expect(error).toBeInstanceOf(PlanRefusedError);
    expect(error?.message).toMatch(reason);
    expect(endpoint.requests).toHaveLength(3);
  });

  it("takes JSON in a fence", async () => {
    const { made } = await ask([{ answer: `\`\`\`json\n${good}\n\`\`\`\n` }]);
    expect(made?.plan.stages).toHaveLength(1);
  });
});
