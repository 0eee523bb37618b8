/** A policy whose every answer is recorded, whatever protocol it is asked in. */

import type { PolicyRuntime, Rows } from "../../policies/runtime/runtime.ts";
import type { Recorder } from "./recorder.ts";
import type { Stamp_ns } from "./sink.ts";

/** `clock` gives nanoseconds since 1970, or any time that does not go back. */
export function recordedPolicy(
  policy: PolicyRuntime,
  recorder: Recorder,
  clock: () => Stamp_ns,
): PolicyRuntime {
  const { manifest } = policy;
  /** Who asks: a session hands back the memory that it was given, and none when an episode begins. */
  const sessionOf = new WeakMap<Rows, number>();
  let sessions = 0;
  let sequence = 0;
  let last_ns = -1n;
  return {
    ...policy,
    async step(inputs, memory, rows, asked) {
      // the policy first: what is written down delays no answer
      const answer = await policy.step(inputs, memory, rows, asked);
      const known = memory && sessionOf.get(memory);
      const session = known ?? sessions++;
      sessionOf.set(answer.state, session);
      // two messages of a topic may not share a stamp
      const now_ns = clock();
      last_ns = now_ns > last_ns ? now_ns : last_ns + 1n;
      const stamp_ns = last_ns;
      const reset = known === undefined;
      const number = sequence++;
      if (reset)
        recorder.log(stamp_ns, "info", `session ${session} begins with "${manifest.name}"`);
      for (let row = 0; row < rows; row++) {
        const arrays = manifest.inputs.map(({ name, shape }) => {
          return { name, shape, values: rowOf(inputs[name], row, rows) };
        });
        const robot = nameOf(session, row);
        recorder.observation(robot, stamp_ns, { sequence: number, reset, arrays });
        recorder.action(robot, stamp_ns, number, rowOf(answer.actions, row, rows));
      }
      return answer;
    },
  };
}

const nameOf = (session: number, row: number) => `session_${session}_robot_${row}`;

function rowOf(values: Float32Array, row: number, rows: number): Float32Array {
  const size = values.length / rows;
  return values.subarray(row * size, (row + 1) * size);
}
