"""Gymnasium's own checker on the single environment at the endpoint given."""

import sys
import warnings

from gymnasium.utils.env_checker import check_env

import understudy

with warnings.catch_warnings():
    # it advises bounded observations and normalised spaces, which is the user's business
    warnings.filterwarnings("ignore", message=".*(infinity|minimum value|maximum value|symmetric).*")
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*(infinity|-inf|EnvSpec|spec).*")
    env = understudy.Env(sys.argv[1])
    check_env(env, skip_render_check=True)

env.reset(seed=1)
steps = 0
over = False
while not over:
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    over = terminated or truncated
    steps += 1
assert info["episode"]["l"] == steps, info
assert isinstance(info["is_success"], bool), info
try:
    env.step(env.action_space.sample())
    raise SystemExit("a step after the end was taken")
except Exception as error:
    assert "reset" in str(error), error
env.close()
print("passed")
