"""Drives all environments for some steps and says, as JSON lines, what it was given."""

import hashlib
import json
import sys

import numpy as np

import understudy

endpoint, steps = sys.argv[1], int(sys.argv[2])
env = understudy.VectorEnv(endpoint)
assert env.metadata["autoreset_mode"].value == "SameStep"


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def tell(observations, **more):
    assert env.observation_space.contains({k: np.array(v) for k, v in observations.items()})
    hashes = {name: digest(array) for name, array in observations.items()}
    print(json.dumps({"observations": hashes, **more}))


observations, _ = env.reset(seed=11)
kept = {name: np.array(array) for name, array in observations.items()}
tell(observations)
first = observations
for step in range(steps):
    # forward with a little turn, another one for each environment
    actions = np.stack([[1.0, np.float32(0.1) * (i - 1)] for i in range(env.num_envs)])
    observations, rewards, terminated, truncated, infos = env.step(actions)
    ended = {}
    if infos:
        assert np.array_equal(infos["_final_obs"], terminated | truncated)
        for index in np.flatnonzero(infos["_final_obs"]):
            final = infos["final_info"]
            ended[int(index)] = {
                "outcome": final["outcome"][index],
                "steps": int(final["episode"]["l"][index]),
                "return": float(final["episode"]["r"][index]),
                "final": {k: digest(v) for k, v in infos["final_obs"][index].items()},
            }
    else:
        assert not (terminated | truncated).any()
    tell(
        observations,
        rewards=digest(rewards),
        terminated=terminated.tolist(),
        truncated=truncated.tolist(),
        ended=ended,
    )
# what was given does not change under the trainer's hands
assert all(np.array_equal(first[name], kept[name]) for name in kept)

for wrong, word in [
    (lambda: env.step(np.zeros((env.num_envs, 3))), "shape"),
    (lambda: env.step(np.full((env.num_envs, 2), np.nan)), "finite"),
    (lambda: env.reset(seed=[1, 2]), "whole number"),
]:
    try:
        wrong()
    except (ValueError, TypeError, understudy.EnvServerError) as error:
        assert word in str(error), error
    else:
        raise SystemExit(f"{word}: accepted")
# and is none the worse for it
env.reset(seed=11)
env.step(np.zeros((env.num_envs, 2)))

other = understudy.VectorEnv(endpoint)
try:
    env.step(np.zeros((env.num_envs, 2)))
    raise SystemExit("two trainers drove the same environments")
except understudy.EnvServerError as error:
    assert "Another client" in str(error), error
other.close()
