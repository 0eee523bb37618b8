"""Drives a scene of one's own by the rule of docs/add-a-scene.md. Arguments: the folder of its module, command."""

import json
import os
import sys

import numpy as np

import understudy

os.chdir(sys.argv[1])
command = sys.argv[2:]
given = {"modules": ["visit-two.ts"], "groups": ["keypoints:global"], "command": command}
with understudy.launch("visit-two", envs=8, settings={"scene.budgetSteps": 100}, **given) as env:
    observations, _ = env.reset(seed=1)
    outcomes = []
    while len(outcomes) < env.num_envs:
        # where the active box is, seen from the robot
        ahead_m, left_m = observations["keypoints:global"][:, :2].T
        actions = np.stack([np.where(ahead_m > 0, 1, -0.2), np.arctan2(left_m, ahead_m)], axis=1)
        observations, _, _, _, infos = env.step(np.clip(actions, -1, 1))
        if infos:
            outcomes += infos["final_info"]["outcome"][infos["_final_info"]].tolist()
    print(json.dumps({"name": env.name, "steps": env.max_episode_steps, "outcomes": outcomes}))

try:
    understudy.launch("visit-two", modules="gone.ts", command=command)
except understudy.EnvServerError as error:
    print(error)
