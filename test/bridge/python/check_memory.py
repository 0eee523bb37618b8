"""Values of the memory's parts that were worked out by hand, and what is refused."""

import copy
import json
import sys

import numpy as np

from understudy.goal import goal_row
from understudy.last_seen import carry_along, follow_command, nearest_known, new_memory, note_found, recall
from understudy.memory import Memory
from understudy.sightings import Camera, Sightings, find_things, role_layers

manifest = json.load(open(sys.argv[1]))
close = lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6)  # noqa: E731


def refused(what, *said):
    try:
        what()
    except ValueError as error:
        assert all(words in str(error) for words in said), error
        return
    raise AssertionError(f"not refused: {said}")


def mounted(rotation, position=(-0.03, 0, 0.2)):
    interface = copy.deepcopy(manifest)
    interface["inputs"][0]["camera"]["baseFromCamera"] = {"position": position, "rotation": rotation}
    return Camera.of(interface)


def turned(axis, angle_rad, by):
    """The rotation ``by`` [x, y, z, w] after a turn about an axis of the base."""
    x, y, z = np.sin(angle_rad / 2) * np.eye(3)[axis]
    w = np.cos(angle_rad / 2)
    bx, by_, bz, bw = by
    return [
        w * bx + x * bw + y * bz - z * by_,
        w * by_ - x * bz + y * bw + z * bx,
        w * bz + x * by_ - y * bx + z * bw,
        w * bw - x * bx - y * by_ - z * bz,
    ]


# optical frame to base frame of a camera that looks level: x right is -y, y down is -z, z ahead is x
level = [-0.5, 0.5, -0.5, 0.5]
camera = Camera.of(manifest)
close(np.degrees(camera.pitch_rad), 11.5)
close([camera.tan_half_x, camera.tan_half_y], [np.tan(np.radians(34.5)), 0.75 * np.tan(np.radians(34.5))])
close(mounted(level).pitch_rad, 0)
close(np.degrees(mounted(turned(1, np.radians(-20), level)).pitch_rad), -20)
close(np.degrees(mounted([-x for x in turned(1, np.radians(70), level)]).pitch_rad), 70)
for axis in (0, 2):
    for angle_rad in (0.02, -0.02, np.pi):
        refused(lambda: mounted(turned(axis, angle_rad, level)), "neither rolled nor turned sideways")
refused(lambda: mounted(level, (0, 0.02, 0.2)), "at y = 0 m, got 0.02 m")
refused(lambda: mounted([0, 0, 0, 0]), "of length 1")
older = copy.deepcopy(manifest)
del older["inputs"][0]["camera"]["verticalFov_rad"]
refused(lambda: Camera.of(older), '"verticalFov_rad" of the camera', "format 1")
refused(lambda: Memory(manifest, 3, lag_s=-0.1), '"lag_s"', "-0.1")
refused(lambda: Camera.of({"inputs": [manifest["inputs"][1]]}), '"camera", got "proprioception"')

# a picture: 0.12 m to 10 m, what lies outside is not seen
shape = (64, 64)
depth = np.zeros(shape)
depth[0, :7] = [0.5, 0.1, 12, np.nan, np.inf, -1, 4]
close(camera.inverse_depth(depth)[0, :8], [2, 0, 0, 0, 0, 0, 0.25, 0])
refused(lambda: camera.inverse_depth(np.zeros(shape, np.uint16)), "in metres", "uint16")
refused(lambda: camera.inverse_depth(np.zeros((64, 48))), "[64, 64], got [64, 48]")
ids = np.zeros(shape, np.uint8)
ids[0, :7] = [1, 1, 1, 1, 1, 1, 3]
layers = role_layers(ids, camera.inverse_depth(depth), [[3, 4], [1], []])
assert layers.shape == (3, 64, 64) and layers.dtype == np.float32
close(layers[:, 0, [0, 6]], [[0, 0.25], [2, 0], [0, 0]])

# two columns on either side of the middle, 8 rows in which a level camera 0.1 m above the floor sees 1 m ahead
plain = Camera(64, 64, 1, 1, 0.5, 0.1, 0, ("active",), 1, 0.1, 10)
inverse = np.zeros(shape, np.float32)
ids[:] = 0
ids[32:40, 31:33], inverse[32:40, 31:33] = 2, 1
# the same half as wide and twice as far to the right: u = 0.5 in the middle, 2 m ahead and 1 m right
ids[32:40, 46:50], inverse[32:40, 46:50] = 3, 0.5
ids[32:40, 0:2], inverse[32:40, 0:2] = 4, 1
ids[32:34, 10:14], inverse[32:34, 10:14] = 1, 1
found = find_things(plain, ids, inverse, 4)
assert found.seen.tolist() == [False, False, True, True, True], found
assert found.cut.tolist() == [False, False, False, False, True], found
close(found.place_m[2], [1.56, 0])
close(found.place_m[3], [0.5 + 2 * (1 + 0.06 / 5**0.5), -1 * (1 + 0.06 / 5**0.5)])
assert np.isnan(found.place_m[:2]).all()

# a quarter of a circle of radius 1 about a point to the left, which stays where it is to the left
memory = new_memory(3)
seen, cut = np.array([False, True, True, False]), np.zeros(4, bool)
note_found(memory, Sightings(seen, cut, np.array([[0, 0], [0, 1], [1, 1], [0, 0]])))
carry_along(memory, np.pi / 2, np.pi / 2, 1)
close(memory, [[0, 0, 0, 0], [1, 0, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0]])
assert nearest_known(memory, [1, 2, 3]) == [2, 1]
# one second is 1 - exp(-1/3) stale
close(recall(memory, [2, 3]), [[1, 0, 0, 0.283469], [0, 0, 0, 1]])
# what is cut counts where nothing younger than a second is known
note_found(memory, Sightings(seen, seen, np.array([[0, 0], [2, 0], [2, 1], [0, 0]])))
note_found(memory, Sightings(seen, seen, np.array([[0, 0], [3, 0], [3, 1], [0, 0]])))
close(memory[1:3], [[1, 2, 0, 0], [1, 2, 1, 0]])
# from rest to 1 m/s with a lag of 0.1 s: 1 - 1/e at the end, 1/e on average
close(follow_command(0, 1, 0.1, 0.1), [0.367879, 0.632121])
close(follow_command(0, 1, 0, 0.1), [1, 1])

# a target 0.3 m ahead of the anchor and turned by 10 degrees, of a robot that faces left: to its right, -80 degrees from it
offset = {"offset_m": (0.3, 0), "yaw_rad": np.radians(10), "heading_rad": np.pi / 2}
close(goal_row(**offset, shape="cube"), [0, -0.3, np.sin(np.radians(-320)), np.cos(np.radians(-320))])
close(goal_row(**offset, shape="prism"), [0, -0.3, np.sin(np.radians(-240)), np.cos(np.radians(-240))])
close(goal_row(**offset, shape="box")[2:], [np.sin(np.radians(-160)), np.cos(np.radians(-160))])
close(goal_row(**offset, shape="cylinder")[2:], [0, 1])
refused(lambda: goal_row(**offset, shape="ball"), 'Unknown shape "ball". Shapes: cube, box, prism, cylinder.')

robot = Memory(manifest, things=3)
close(robot.act([1, -0.5]), [0.4, -1.42])
goal = np.zeros(4)
row = robot.inputs({"active": 1, "anchor": 2}, goal)
assert sorted(row) == ["goal", "lastSeen", "layers", "proprioception"]
close(row["proprioception"], [1, -0.5])
close(row["lastSeen"], [0, 0, 0, 1] * 5)
assert np.isnan(robot.place_m(1)).all() and robot.age_s(1) == np.inf
# a robot that stands, by its own measure, whatever it was commanded
patch = np.zeros(shape, np.uint8)
patch[34:40, 30:34] = 2
robot.look(patch, np.full(shape, 0.8), measured=(0, 0))
place_m = robot.place_m(2)
robot.look(np.zeros(shape, int), np.zeros(shape), measured=(0, 0))
close(robot.place_m(2), place_m)
close(robot.age_s(2), 0.1)
robot.look(np.zeros(shape, int), np.zeros(shape), measured=(0.4, 0))
close(robot.place_m(2), place_m - [0.04, 0])
robot.forget()
assert robot.age_s(2) == np.inf and not robot.action.any()

refused(lambda: robot.inputs({"active": 1, "obstacles": [2]}, goal), '"obstacles". Roles: active, anchor, obstacle.')
refused(lambda: robot.inputs({"active": 1, "obstacle": [2, 1]}, goal), "one role at most")
refused(lambda: robot.inputs({"active": 1, "anchor": [2, 3]}, goal), '"anchor"', "[2, 3]")
refused(lambda: robot.inputs({"active": 4}, goal), "from 1 to 3, got 4")
refused(lambda: robot.inputs({"active": 0}, goal), "from 1 to 3, got 0")
refused(lambda: robot.inputs({"active": 1}), "Expected a goal")
refused(lambda: robot.look(np.zeros(shape), np.zeros(shape)), "whole numbers, got float64")
refused(lambda: robot.act([1, 0, 0]), "of shape [2], got [3]")
other = copy.deepcopy(manifest)
other["inputs"][3]["columns"].reverse()
refused(lambda: Memory(other, 3), "known, place and staleness")
other = copy.deepcopy(manifest)
other["output"]["columns"].reverse()
refused(lambda: Memory(other, 3), '"forward" in m/s')
print("passed")
