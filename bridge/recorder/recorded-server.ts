/** A policy server whose every session is recorded: what came over the wire, and what went back. */

import { decode, toFloats } from "../codec.ts";
import { Refusals } from "../counts.ts";
import type { Message } from "../messages.ts";
import { PolicyServer, type ServeOptions } from "../policy-server.ts";
import { defaultEndpoint, type Frames, type Listening, listen } from "../sockets.ts";
import type { Recorder } from "./recorder.ts";
import type { Stamp_ns } from "./sink.ts";

export interface RecordedServeOptions extends ServeOptions {
  /** Stays the caller's: close it after the server. */
  readonly recorder: Recorder;
  /** Nanoseconds since 1970, or any clock that does not go back. */
  readonly clock: () => Stamp_ns;
}

/** Like `servePolicy`. The recorder reads along; it changes nothing and answers nothing. */
export async function serveRecorded(options: RecordedServeOptions): Promise<PolicyServer> {
  const { endpoint = defaultEndpoint, keys, allowOpenPort, log = () => {} } = options;
  const refusals = new Refusals(log);
  const listening = await listen(endpoint, refusals, { keys, allowOpenPort });
  const sessions = new SessionRecorder(options.recorder, options.clock);
  return new PolicyServer(options, readAlong(listening, sessions), refusals);
}

/** The same socket, with every message shown to the recorder on its way in or out. */
function readAlong(listening: Listening, sessions: SessionRecorder): Listening {
  return {
    endpoint: listening.endpoint,
    open(onMessages) {
      const connection = listening.open((messages) => {
        // the policy first: what is written down meanwhile delays no answer
        onMessages(messages);
        for (const [, ...frames] of messages) sessions.see(frames, "robot");
      });
      return {
        post(frames) {
          sessions.see(frames.slice(1), "policy");
          connection.post(frames);
        },
        close: () => connection.close(),
      };
    },
  };
}

/** Messages of sessions to what robots saw and did. A robot is named by its session's number and its own. */
export class SessionRecorder {
  readonly #recorder: Recorder;
  readonly #clock: () => Stamp_ns;
  readonly #numbers = new Map<string, number>();
  /** Episodes that have ended, and observations since, by robot. */
  readonly #counts = new Map<string, { episodes: number; steps: number }>();
  /** Two messages of a topic may not share a stamp. */
  #last_ns = -1n;

  constructor(recorder: Recorder, clock: () => Stamp_ns) {
    this.#recorder = recorder;
    this.#clock = clock;
  }

  /** Records one message, decoded as from `sender`. */
  see(frames: Frames, sender: "robot" | "policy"): void {
    const decoded = decode(frames, sender);
    const now_ns = this.#now_ns();
    if ("refusal" in decoded) {
      const { refusal, detail } = decoded;
      this.#recorder.log(now_ns, "warning", `refused from ${sender}: ${refusal} (${detail})`);
    } else this.#record(decoded.message, decoded.blobs, now_ns);
  }

  #record(message: Message, blobs: readonly Uint8Array[], now_ns: Stamp_ns): void {
    if (message.type === "welcome" && !this.#numbers.has(message.session)) {
      this.#numbers.set(message.session, this.#numbers.size);
      const which = `session ${this.#numbers.size - 1} (${message.session})`;
      this.#recorder.log(now_ns, "info", `${which} begins with "${message.policy}"`);
    }
    if (message.type === "error") {
      this.#recorder.log(now_ns, "warning", `${message.code}: ${message.message}`);
    }
    if (!("session" in message)) return;
    const session = this.#numbers.get(message.session);
    // a session that no policy has welcomed has no robots
    if (session === undefined) return;
    const nameOf = (robot: number) => `session_${session}_robot_${robot}`;
    if (message.type === "bye") this.#recorder.log(now_ns, "info", `session ${session} ends`);
    if (message.type === "observation") {
      const { sequence, robots, resets } = message;
      const rows = blobs.map(toFloats);
      for (const [row, robot] of robots.entries()) {
        const arrays = message.arrays.map(({ name, shape }, i) => {
          const size = rows[i].length / robots.length;
          return { name, shape, values: rows[i].subarray(row * size, (row + 1) * size) };
        });
        const reset = resets.includes(robot);
        this.#countsOf(nameOf(robot)).steps++;
        this.#recorder.observation(nameOf(robot), now_ns, { sequence, reset, arrays });
      }
    }
    if (message.type === "episode") {
      const { robot, outcome, return: sum } = message;
      const counts = this.#countsOf(nameOf(robot));
      const end = { episode: counts.episodes++, outcome, steps: counts.steps };
      counts.steps = 0;
      const rewards = sum === undefined ? {} : { return: sum };
      this.#recorder.episode(nameOf(robot), now_ns, { ...end, ...rewards });
    }
    if (message.type === "action") {
      const values = toFloats(blobs[0]);
      const size = values.length / message.robots.length;
      for (const [row, robot] of message.robots.entries()) {
        const action = values.subarray(row * size, (row + 1) * size);
        this.#recorder.action(nameOf(robot), now_ns, message.observation, action);
      }
    }
  }

  #countsOf(robot: string) {
    const counts = this.#counts.get(robot) ?? { episodes: 0, steps: 0 };
    this.#counts.set(robot, counts);
    return counts;
  }

  #now_ns(): Stamp_ns {
    const now_ns = this.#clock();
    this.#last_ns = now_ns > this.#last_ns ? now_ns : this.#last_ns + 1n;
    return this.#last_ns;
  }
}
