"""A ``VectorEnv`` as Stable-Baselines3 wants one."""

import numpy as np
from stable_baselines3.common.vec_env import VecEnv


class StableBaselinesVecEnv(VecEnv):
    """Give it to any algorithm: ``PPO("MultiInputPolicy", StableBaselinesVecEnv(env))``.

    An episode that ran out of time says so (``TimeLimit.truncated``) and brings what it saw last
    (``terminal_observation``), so that its return is bootstrapped.
    """

    def __init__(self, env):
        self.render_mode = None
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self.env = env
        self._next_seed = None

    def reset(self):
        observations, _ = self.env.reset(seed=self._next_seed)
        self._next_seed = None
        return dict(observations)

    def step_async(self, actions):
        self.env.step_async(actions)

    def step_wait(self):
        observations, rewards, terminated, truncated, infos = self.env.step_wait()
        each = [{} for _ in range(self.num_envs)]
        if infos:
            final = infos["final_info"]
            for index in np.flatnonzero(infos["_final_obs"]):
                each[index] = {
                    "terminal_observation": infos["final_obs"][index],
                    "TimeLimit.truncated": bool(truncated[index]),
                    "episode": {
                        "r": float(final["episode"]["r"][index]),
                        "l": int(final["episode"]["l"][index]),
                        "t": 0.0,
                    },
                    "is_success": bool(final["is_success"][index]),
                    "outcome": final["outcome"][index],
                }
        return dict(observations), rewards.copy(), terminated | truncated, each

    def close(self):
        self.env.close()

    def seed(self, seed=None):
        # one seed decides all environments, from the next reset on
        self._next_seed = seed
        return [seed] * self.num_envs

    def get_attr(self, attr_name, indices=None):
        return [getattr(self.env, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name, value, indices=None):
        raise NotImplementedError("Settings are given when the environments are started: see launch().")

    def env_method(self, method_name, *args, indices=None, **kwargs):
        raise NotImplementedError("The environments run in another process and have no methods to call.")

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False] * len(list(self._get_indices(indices)))
