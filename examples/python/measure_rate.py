"""Environment steps a second that arrive in Python, as JSON: endpoint, then seconds to measure."""

import json
import sys
import time

import understudy

env = understudy.VectorEnv(sys.argv[1])
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3.0
env.reset(seed=1)
actions = [env.action_space.sample() for _ in range(64)]


def steps_in(wall_s):
    steps = bytes_ = 0
    start_s = time.perf_counter()
    while (spent_s := time.perf_counter() - start_s) < wall_s:
        observations, *_ = env.step(actions[steps % 64])
        steps += 1
        bytes_ += sum(array.nbytes for array in observations.values())
    return steps * env.num_envs / spent_s, bytes_ / spent_s


steps_in(1.0)
rates = [steps_in(seconds / 5) for _ in range(5)]
print(json.dumps({"rates": [rate for rate, _ in rates], "MBps": max(b for _, b in rates) / 1e6}))
env.close()
