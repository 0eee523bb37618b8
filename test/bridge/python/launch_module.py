"""Drives ahead in a scene of a module, and prints how the first episodes end. Arguments: module, scene, command."""

import json
import pathlib
import sys

import numpy
import understudy

module, scene, *command = sys.argv[1:]
settings = {"scene.budgetSteps": 5}
for modules in (module, [pathlib.Path(module)]):
    with understudy.launch(scene, envs=3, groups=["proprioception"], settings=settings, modules=modules, command=command) as env:
        env.reset(seed=1)
        for _ in range(5):
            *_, infos = env.step(numpy.full(env.action_space.shape, 0.1, numpy.float32))
        ended = infos["final_info"]
        print(json.dumps({"outcome": list(ended["outcome"]), "steps": ended["episode"]["l"].tolist()}))
