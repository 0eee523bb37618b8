import { Packr } from "msgpackr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dealer } from "zeromq";
import { readRequest, requestSchema } from "../../../bridge/env-server/messages.ts";
import { type EnvServer, serveEnvironments } from "../../../bridge/env-server/server.ts";
import { EnvHost } from "../../../cli/env-host/host.ts";
import { createRng } from "../../../core/rng.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const envs = 3;

let environment: EnvHost;
let server: EnvServer;
let socket: Dealer;
const log: string[] = [];

beforeAll(async () => {
  environment = await EnvHost.open({
    simulation: { scene: "reach-box", config: {}, contact: "planar", seed: 1 },
    envs,
    groups: ["proprioception"],
    threads: 2,
  });
  server = await serveEnvironments({
    environment,
    endpoint: "tcp://127.0.0.1:*",
    log: (line) => log.push(line),
  });
  socket = new Dealer({ linger: 0, receiveTimeout: 2000 });
  socket.connect(server.endpoint);
});

afterAll(async () => {
  socket.close();
  await server.close();
  await environment.close();
});

/** One request and its reply; asks again, as a client does, when a connection gets lost on a busy machine. */
async function ask(header: unknown, ...blobs: Uint8Array[]) {
  const first = header instanceof Uint8Array ? header : packr.pack(header);
  const wanted = header instanceof Uint8Array ? 0 : (header as { id: number }).id;
  for (let tries = 0; tries < 20; tries++) {
    await socket.send([first, ...blobs]);
    const found = await replyTo(Math.max(0, wanted));
    if (found) return found;
  }
  throw new Error("no reply");
}

async function replyTo(id: number) {
  try {
    for (;;) {
      const [first, ...frames] = await socket.receive();
      const reply = packr.unpack(first) as Record<string, unknown>;
      if (reply.id === id) return { reply, frames };
    }
  } catch {
    return undefined;
  }
}

/** Numbers of requests, each its own. */
let lastId = 100;
const nextId = () => ++lastId;

const zeros = () => new Uint8Array(4 * 2 * envs);

async function opened(): Promise<string> {
  const session = `session ${nextId()}`;
  await ask({ op: "open", id: nextId(), session, protocol: "understudy-env/1" });
  return session;
}

describe("the environment server", () => {
  it("says what it serves, then resets and steps", async () => {
    const { reply } = await ask({
      op: "open",
      id: 7,
      session: "the first",
      protocol: "understudy-env/1",
    });
    expect(reply).toMatchObject({
      op: "open",
      id: 7,
      spec: {
        name: "reach-box",
        envs,
        controlStep_s: 0.1,
        maxEpisodeSteps: 150,
        observations: [{ name: "proprioception", shape: [2], low: -1, high: 1 }],
        action: { shape: [2], low: -1, high: 1, columns: ["forward", "turn"] },
      },
    });
    const session = "the first";
    const reset = await ask({ op: "reset", id: 8, session, seed: 3 });
    expect(reset.reply).toEqual({ op: "reset", id: 8 });
    expect(reset.frames.map((frame) => frame.length)).toEqual([4 * 2 * envs]);
    const actions = Float32Array.from([0.5, -0.25, 0, 0, 1, 1]);
    const step = await ask({ op: "step", id: 9, session }, new Uint8Array(actions.buffer));
    expect(step.reply).toEqual({ op: "step", id: 9, ends: [] });
    // observations, rewards, terminated, truncated; nothing ended, so no final observations
    expect(step.frames.map((frame) => frame.length)).toEqual([4 * 2 * envs, 4 * envs, envs, envs]);
    // proprioception is the action just taken
    expect([...new Float32Array(Uint8Array.from(step.frames[0]).buffer)]).toEqual([...actions]);
  });

  it("answers what is no request with a sentence, and counts it", async () => {
    const session = await opened();
    const cases: [string, unknown, Uint8Array[]][] = [
      ["not MessagePack", Uint8Array.from([0x82, 0xa2]), []],
      ["a header of 5000 bytes", new Uint8Array(5000), []],
      ['"op" is wrong', { op: "jump", id: 4 }, []],
      ['"id" is wrong', { op: "step", id: -1, session }, []],
      ['"seed" is wrong', { op: "reset", id: 4, session, seed: 0.5 }, []],
      [
        'speaks understudy-env/1, the client "x/2"',
        { op: "open", id: 4, session, protocol: "x/2" },
        [],
      ],
      ["Open them again", { op: "step", id: 4, session: "somebody else" }, [zeros()]],
      ["Reset the environments first", { op: "step", id: 4, session }, [zeros()]],
    ];
    for (const [sentence, header, blobs] of cases) {
      const { reply } = await ask(header, ...blobs);
      expect(reply.op).toBe("error");
      expect(reply.message).toContain(sentence);
    }
    await ask({ op: "reset", id: 5, session, seed: null });
    const short = await ask({ op: "step", id: 6, session }, new Uint8Array(8));
    expect(short.reply).toMatchObject({ op: "error", id: 6 });
    expect(short.reply.message).toBe(
      "Expected actions [3, 2] float32 in one frame of 24 bytes, got frames of [8] bytes.",
    );
    const infinite = new Float32Array(2 * envs);
    infinite[3] = Number.NEGATIVE_INFINITY;
    const wild = await ask({ op: "step", id: 7, session }, new Uint8Array(infinite.buffer));
    expect(wild.reply.message).toBe("Expected finite actions, got -Infinity for environment 1.");
    const refused = Object.values(server.report().refused).reduce((a, b) => a + b, 0);
    // whatever was asked twice was refused twice
    expect(refused).toBeGreaterThanOrEqual(cases.length + 2);
    expect(log.filter((line) => line.startsWith("refused (actions, 1)"))).toHaveLength(1);
    // none of it did any harm
    expect((await ask({ op: "step", id: 8, session }, zeros())).reply.op).toBe("step");
  });

  it("answers a request that comes again, and does it once", async () => {
    const session = await opened();
    await ask({ op: "reset", id: nextId(), session, seed: 1 });
    const before = server.report().environmentSteps;
    const id = nextId();
    const actions = new Uint8Array(Float32Array.from([1, 1, 1, 1, 1, 1]).buffer);
    const once = await ask({ op: "step", id, session }, actions);
    const again = await ask({ op: "step", id, session }, actions);
    expect(again.frames.map((frame) => [...frame])).toEqual(once.frames.map((frame) => [...frame]));
    expect(server.report().environmentSteps - before).toBe(envs);
    const { reply } = await ask({
      op: "open",
      id: nextId(),
      session,
      protocol: "understudy-env/1",
    });
    expect(reply.op).toBe("open");
  });

  it("takes no mutated header for a request, and throws at none", () => {
    const rng = createRng(5);
    let taken = 0;
    for (let i = 0; i < 4000; i++) {
      const header = { op: "reset", id: i, session: "0123456789", seed: i };
      const frame = Uint8Array.from(packr.pack(header));
      const flips = 1 + Math.floor(rng.uniform(0, 4));
      for (let f = 0; f < flips; f++) {
        frame[Math.floor(rng.uniform(0, frame.length))] ^= 1 + Math.floor(rng.uniform(0, 255));
      }
      const cut = rng.next() < 0.2 ? frame.slice(0, rng.uniform(0, frame.length)) : frame;
      const request = readRequest(cut);
      if ("problem" in request) expect(request.problem).toMatch(/^Expected a request of .*\.$/);
      else {
        // what is left of it is a request still: with other numbers, or for another session
        expect(requestSchema.parse(request)).toEqual(request);
        taken++;
      }
    }
    expect(taken).toBeLessThan(4000 * 0.7);
    expect(taken).toBeGreaterThan(0);
  });
});
