"""Drives a robot by a student that reads images, a goal and a memory, with pictures that are made up.

    npm run understudy -- serve --policy policies/zoo/push-cross
    pip install ./bridge/python
    python examples/python/drive_student.py

What `read_sensors` and `drive` do is yours to write, and so is the file of your robot's own interface (--robot).
"""

import argparse
import time
from typing import NamedTuple

import numpy as np

from understudy.goal import goal_row
from understudy.memory import Memory
from understudy.robot import DEFAULT_ENDPOINT, RobotClient

parser = argparse.ArgumentParser()
parser.add_argument("--robot", default="policies/zoo/push-cross", help="what it sees and does: a JSON file")
parser.add_argument("--endpoint", default=DEFAULT_ENDPOINT)
parser.add_argument("--steps", type=int, default=20, help="control steps until it gives up")
parser.add_argument("--patience", type=float, default=0.08, help="seconds until an answer counts as none")
options = parser.parse_args()

# what is to be done: things are numbered as the detector knows them, from 1 on, and pushed in the order of the stages
ANCHOR = 1
THINGS = 3
QUARTER = np.pi / 2  # a cube looks the same after a quarter of a turn
ANCHOR_YAW = 0.0  # which way it faced when the robot set out, from the robot's heading then


class Stage(NamedTuple):
    """Where a thing belongs, from the anchor and along its axes."""

    active: int
    offset_m: tuple
    yaw_rad: float


STAGES = [Stage(2, (0.3, 0.0), 0.0), Stage(3, (0.0, 0.3), 0.0)]


class Senses(NamedTuple):
    ids: np.ndarray  # [64, 64] the number of the thing in each pixel, 0 where there is none
    depth_m: np.ndarray  # [64, 64] along the optical axis, 0 where it is unknown
    heading_rad: float  # since the robot set out, by its gyro
    active_yaw_rad: float  # of what is pushed, in the robot's frame, and how fast it moves, by a tracker
    active_speed_mps: float


def read_sensors():
    """Your camera, detector, tracker and gyro: a cube to the left of another, both at rest."""
    ids = np.zeros((64, 64), np.uint8)
    depth_m = np.zeros((64, 64), np.float32)
    for thing, left in [(1, 16), (2, 36)]:
        ids[24:36, left : left + 10] = thing
        depth_m[24:36, left : left + 10] = 0.8
    return Senses(ids, depth_m, heading_rad=0.0, active_yaw_rad=0.0, active_speed_mps=0.0)


def drive(forward_mps, turn_radps):
    """Your motors."""
    print(f"{forward_mps:.2f} m/s, {turn_radps:.2f} rad/s")


def goal_of(stage, senses):
    return goal_row(stage.offset_m, stage.yaw_rad, senses.heading_rad - ANCHOR_YAW, "cube")


def is_placed(stage, senses, memory):
    """Whether what is pushed was seen where it belongs, and at rest. NaN, where nothing is known, is not near."""
    target_m = goal_of(stage, senses)[:2]
    away_m = np.linalg.norm(memory.place_m(stage.active) - memory.place_m(ANCHOR) - target_m)
    turns = (senses.active_yaw_rad - (ANCHOR_YAW + stage.yaw_rad - senses.heading_rad)) / QUARTER
    off_rad = abs(turns - round(turns)) * QUARTER
    in_view = max(memory.age_s(stage.active), memory.age_s(ANCHOR)) < 1
    return in_view and away_m < 0.05 and off_rad < np.radians(15) and senses.active_speed_mps < 0.05


def push(robot):
    """Does one stage after the other. Returns whether all are done."""
    memory = Memory(robot.manifest, THINGS)
    stages = list(STAGES)
    for _ in range(options.steps):
        began_s = time.monotonic()
        senses = read_sensors()
        memory.look(senses.ids, senses.depth_m)
        if is_placed(stages[0], senses, memory):
            stages.pop(0)
        if not stages:
            return True
        active = stages[0].active
        others = [stage.active for stage in STAGES if stage.active != active]
        roles = {"active": active, "anchor": ANCHOR, "obstacle": others}
        inputs = memory.inputs(roles, goal_of(stages[0], senses))
        action = robot.exchange(inputs, timeout_s=options.patience)
        drive(*memory.act(action))
        time.sleep(max(0.0, began_s + robot.control_step_s - time.monotonic()))
    return False


with RobotClient(options.robot, options.endpoint) as robot:
    robot.wait(10)
    try:
        done = push(robot)
    finally:
        # whatever ends the program, Ctrl-C too, leaves the robot at rest
        drive(0, 0)
    robot.end_episode("success" if done else "gave up")
