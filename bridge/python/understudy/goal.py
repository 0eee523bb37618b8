"""What a policy of several targets is told: where the target lies from the anchor. Needs numpy, nothing else."""

from __future__ import annotations

from typing import Sequence

import numpy as np

#: How often a shape looks alike in a turn; a box is one that is no cube.
TURNS = {"cube": 4, "box": 2, "prism": 3, "cylinder": 0}


def goal_row(offset_m: Sequence[float], yaw_rad: float, heading_rad: float, shape: str) -> np.ndarray:
    """The input ``goal``, float32 [4]: target less anchor in metres along the robot's axes (forward, left), then sine and cosine of
    n times the target's yaw less the robot's.

    ``offset_m`` (x, y) is target less anchor, ``yaw_rad`` the target's yaw and ``heading_rad`` the robot's, all in one frame that
    stays: the anchor's, as it stood at first, or that of a map. ``shape`` is that of the thing which is pushed, see ``TURNS``.
    """
    if shape not in TURNS:
        raise ValueError(f'Unknown shape "{shape}". Shapes: {", ".join(TURNS)}.')
    x_m, y_m = offset_m
    cos, sin = np.cos(heading_rad), np.sin(heading_rad)
    turned = TURNS[shape] * (yaw_rad - heading_rad)
    row = [cos * x_m + sin * y_m, -sin * x_m + cos * y_m, np.sin(turned), np.cos(turned)]
    return np.array(row, np.float32)
