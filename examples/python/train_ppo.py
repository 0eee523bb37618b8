"""Trains a stock PPO (Stable-Baselines3) on understudy's simulator.

    pip install "./bridge/python[sb3]"
    python examples/python/train_ppo.py --steps 200000

The robot learns to drive to the box, from the box's keypoints. Run it in the folder of the repository;
elsewhere, say with --command how understudy is started.
"""

import argparse
import shlex

import numpy as np
import torch
from stable_baselines3 import PPO

import understudy
from understudy.sb3 import StableBaselinesVecEnv

parser = argparse.ArgumentParser()
parser.add_argument("--scene", default="reach-box")
parser.add_argument("--module", action="append", default=[], help="file that exports scenes of your own")
parser.add_argument("--envs", type=int, default=32)
parser.add_argument("--steps", type=int, default=200_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--command", default="npm run --silent understudy --", help="how to run understudy")
options = parser.parse_args()

# networks this small gain nothing from more, and the simulator wants the other cores
torch.set_num_threads(1)


def success(model, env, episodes):
    """Share of episodes that end in success when the policy does not explore."""
    observations = env.reset()
    ended = []
    while len(ended) < episodes:
        actions, _ = model.predict(observations, deterministic=True)
        observations, _, _, infos = env.step(actions)
        ended += [info["is_success"] for info in infos if "is_success" in info]
    return np.mean(ended)


with understudy.launch(
    options.scene,
    options.envs,
    groups=["keypoints:global", "proprioception"],
    seed=options.seed,
    modules=options.module,
    command=shlex.split(options.command),
) as simulator:
    env = StableBaselinesVecEnv(simulator)
    model = PPO(
        "MultiInputPolicy",
        env,
        n_steps=64,
        batch_size=512,
        learning_rate=1e-3,
        gamma=0.98,
        device="cpu",
        seed=options.seed,
        verbose=1,
    )
    print(f"success before training: {success(model, env, 200):.1%}")
    model.learn(options.steps)
    print(f"success after {model.num_timesteps} steps: {success(model, env, 200):.1%}")
