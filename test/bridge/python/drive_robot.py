"""A robot of one input against a policy server: what it was told, as JSON. Arguments: endpoint, manifest,
then the files of its keys, if any."""

import json
import sys
import time

import numpy as np

from understudy.robot import RobotClient, WireError, manifest_hash

endpoint, file, *keys = sys.argv[1:]
manifest = json.load(open(file))
name = manifest["inputs"][0]["name"]
size = manifest["inputs"][0]["shape"][0]
options = {"keys": keys[0], "peer": keys[1]} if keys else {}
told = {"hash": manifest_hash(manifest)}

with RobotClient(file, endpoint, **options) as robot:
    robot.wait(10)
    push = np.linspace(0.1, 0.2, size, dtype=np.float32)
    told["exchanged"] = [robot.exchange({name: push}).tolist() for _ in range(3)]
    told["afterReset"] = robot.exchange({name: push}, reset=True).tolist()
    told["si"] = robot.command_si().tolist()
    time.sleep(0.4)
    # nothing new came for longer than the watchdog waits
    told["later"] = robot.command().tolist()
    told["spoilt"] = robot.exchange({name: np.full(size, np.nan)}, timeout_s=5).tolist()
    told["refused"] = dict(robot.refused)
    told["flat"] = robot.exchange({name: push.tolist()}, reset=True).tolist()
    for key, inputs in {
        "shape": {name: np.zeros(size + 1)},
        "axes": {name: np.zeros((size, 1))},
        "missing": {},
        "unknown": {name: push, "depth": push},
    }.items():
        try:
            robot.observe(inputs)
        except ValueError as error:
            told[key] = str(error)
told["closed"] = robot.command().tolist()

other = json.loads(json.dumps(manifest))
other["controlStep_s"] = 0.05
with RobotClient(other, endpoint, **options) as robot:
    try:
        robot.wait(10)
    except WireError as error:
        told["misfit"] = str(error)

other = json.loads(json.dumps(manifest))
other["output"]["columns"][0]["scale"] = 9
with RobotClient(other, endpoint, **options) as robot:
    try:
        robot.wait(10)
    except WireError as error:
        told["scale"] = str(error)

try:
    RobotClient(file, endpoint, watchdog_s=float("nan"), **options)
except ValueError as error:
    told["watchdog"] = str(error)
print(json.dumps(told))
