"""Starts environments as a trainer would, then ends in the way that is asked for. Arguments: how, command."""

import os
import sys

import understudy

env = understudy.launch("reach-box", envs=2, groups=["proprioception"], threads=1, command=sys.argv[2:])
observations, _ = env.reset(seed=1)
assert observations["proprioception"].shape == (2, 2)
print(env._server._process.pid, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
env.close()

try:
    understudy.launch("reach-boks", command=sys.argv[2:])
except understudy.EnvServerError as error:
    print(error)
