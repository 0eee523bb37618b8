"""Gymnasium environments whose simulator is another process."""

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from .wire import DEFAULT_ENDPOINT, EnvConnection


def _box(spec):
    low = -np.inf if spec.get("low") is None else spec["low"]
    high = np.inf if spec.get("high") is None else spec["high"]
    return gymnasium.spaces.Box(low, high, tuple(spec["shape"]), np.float32)


class VectorEnv(gymnasium.vector.VectorEnv):
    """All environments of an ``understudy env-server``, stepped by one message.

    Observations are a dictionary of float32 arrays ``[envs, ...]``. They are read-only views of the
    message, made without a copy; they stay as they are when the next step is taken. An environment whose
    episode ends begins the next one in the same step (``AutoresetMode.SAME_STEP``): what the ended
    episode saw last is in ``infos["final_obs"]``, with the mask ``infos["_final_obs"]``.
    """

    def __init__(self, endpoint=DEFAULT_ENDPOINT, timeout_s=30.0):
        self._connection = EnvConnection(endpoint, timeout_s)
        self._server = None  # set by launch(): ends with this environment
        spec = self._connection.spec
        self.name = spec["name"]
        self.num_envs = spec["envs"]
        self.max_episode_steps = spec["maxEpisodeSteps"]
        self.metadata = {
            "autoreset_mode": AutoresetMode.SAME_STEP,
            "render_fps": 1 / spec["controlStep_s"],
        }
        self.render_mode = None
        self.single_observation_space = gymnasium.spaces.Dict(
            {item["name"]: _box(item) for item in spec["observations"]}
        )
        self.single_action_space = _box(spec["action"])
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        # in the order of the wire; a Dict space sorts its keys
        self._shapes = [(item["name"], tuple(item["shape"])) for item in spec["observations"]]
        self._waiting = None

    def reset(self, *, seed=None, options=None):
        """Begins episodes everywhere. One seed decides all environments: the same one, the same run."""
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise TypeError(f"Expected one whole number as the seed of all environments, got {seed!r}.")
        if options:
            raise ValueError(f"These environments have no reset options, got {sorted(options)}.")
        if seed is not None:
            self._np_random, self._np_random_seed = gymnasium.utils.seeding.np_random(int(seed))
        number = None if seed is None else int(seed) % 2**32
        _, frames = self._connection.ask("reset", seed=number)
        return self._observations(frames, self.num_envs), {}

    def step(self, actions):
        self.step_async(actions)
        return self.step_wait()

    def step_async(self, actions):
        """Sends the actions ``[envs, 2]``, each in [-1, 1]; the trainer may work until ``step_wait``."""
        batch = np.ascontiguousarray(actions, dtype="<f4")
        if batch.shape != self.action_space.shape:
            raise ValueError(f"Expected actions of shape {self.action_space.shape}, got {batch.shape}.")
        self._waiting = self._connection.post("step", batch)

    def step_wait(self):
        header, frames = self._connection.answer_to(self._waiting)
        count = len(self._shapes)
        rewards = np.frombuffer(frames[count], "<f4")
        terminated = np.frombuffer(frames[count + 1], np.bool_)
        truncated = np.frombuffer(frames[count + 2], np.bool_)
        infos = self._infos(header["ends"], frames[count + 3 :]) if header["ends"] else {}
        observations = self._observations(frames, self.num_envs)
        return observations, rewards, terminated, truncated, infos

    def close_extras(self, **kwargs):
        self._connection.close()
        if self._server is not None:
            self._server.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _observations(self, frames, rows):
        return {
            name: np.frombuffer(frame, "<f4").reshape(rows, *shape)
            for (name, shape), frame in zip(self._shapes, frames)
        }

    def _infos(self, ends, frames):
        """The infos that Gymnasium's own vector environments give with SAME_STEP."""
        finals = self._observations(frames, len(ends))
        ended = np.zeros(self.num_envs, np.bool_)
        final_obs = np.full(self.num_envs, None, object)
        measures = {
            "outcome": np.full(self.num_envs, None, object),
            "is_success": np.zeros(self.num_envs, np.bool_),
        }
        episode = {"r": np.zeros(self.num_envs), "l": np.zeros(self.num_envs, np.int64)}
        for row, end in enumerate(ends):
            index = end["env"]
            ended[index] = True
            final_obs[index] = {name: array[row] for name, array in finals.items()}
            measures["outcome"][index] = end["outcome"]
            measures["is_success"][index] = end["success"]
            episode["r"][index] = end["return"]
            episode["l"][index] = end["steps"]
        masks = {f"_{name}": ended for name in [*measures, "episode"]}
        episode.update({f"_{name}": ended for name in ("r", "l")})
        final_info = {**measures, "episode": episode, **masks}
        return {
            "final_obs": final_obs,
            "_final_obs": ended,
            "final_info": final_info,
            "_final_info": ended,
        }


class Env(gymnasium.Env):
    """One environment of a server that was started with ``--envs 1``, as a plain ``gymnasium.Env``."""

    def __init__(self, endpoint=DEFAULT_ENDPOINT, timeout_s=30.0):
        self._vector = VectorEnv(endpoint, timeout_s)
        if self._vector.num_envs != 1:
            found = self._vector.num_envs
            self._vector.close()
            raise ValueError(f"Expected a server of one environment, got {found}. Use VectorEnv.")
        self.observation_space = self._vector.single_observation_space
        self.action_space = self._vector.single_action_space
        self.metadata = {"render_modes": [], "render_fps": self._vector.metadata["render_fps"]}
        self.render_mode = None
        self._over = True

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        observations, _ = self._vector.reset(seed=seed)
        self._over = False
        return self._row(observations), {}

    def step(self, action):
        if self._over:
            raise gymnasium.error.ResetNeeded("The episode has ended: call reset() first.")
        observations, rewards, terminated, truncated, infos = self._vector.step(np.asarray(action)[None])
        info = {}
        self._over = bool(terminated[0] or truncated[0])
        if self._over:
            final = infos["final_info"]
            info = {
                "outcome": final["outcome"][0],
                "is_success": bool(final["is_success"][0]),
                "episode": {"r": final["episode"]["r"][0], "l": final["episode"]["l"][0]},
            }
            row = {name: np.array(array) for name, array in infos["final_obs"][0].items()}
        else:
            row = self._row(observations)
        return row, float(rewards[0]), bool(terminated[0]), bool(truncated[0]), info

    def close(self):
        self._vector.close()

    @staticmethod
    def _row(observations):
        return {name: np.array(array[0]) for name, array in observations.items()}
