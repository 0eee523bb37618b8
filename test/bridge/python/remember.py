"""What ``Memory`` makes of the pictures, actions and roles in a folder: see ``rememberInPython`` in memory.test.ts."""

import json
import sys
from pathlib import Path

import numpy as np

from understudy.goal import goal_row
from understudy.memory import Memory
from understudy.sightings import find_things

folder = Path(sys.argv[1])
told = json.loads((folder / "told.json").read_text())
steps, things = told["steps"], told["things"]
memory = Memory(told["interface"], things)
size = (len(steps), memory.camera.height, memory.camera.width)
ids = np.fromfile(folder / "ids", np.uint8).reshape(size)
depth_m = np.fromfile(folder / "depth_m", np.float32).reshape(size)
rows = {each["name"]: [] for each in told["interface"]["inputs"]}
rows["found"] = []

for step, numbers, depth in zip(steps, ids, depth_m):
    if step["forget"]:
        memory.forget()
    memory.look(numbers, depth)
    inputs = memory.inputs(step["roles"], goal_row(**step["goal"]))
    found = find_things(memory.camera, numbers, memory.camera.inverse_depth(depth), things)
    inputs["found"] = np.column_stack([found.seen, found.cut, np.nan_to_num(found.place_m)])
    for name, row in inputs.items():
        rows[name].append(row)
    memory.act(step["action"])

for name, all_rows in rows.items():
    np.stack(all_rows).astype("<f4").tofile(folder / name)
