"""Where things were last seen: a memory that needs nothing but sightings and the robot's own commands. Needs numpy, nothing else.

A memory is float32 [things + 1, 4], zeros at the start of an episode. Row i is of the thing with number i: whether it was ever seen,
x and y in the base frame in metres, and how long ago that was in seconds. Row 0 stands for what there is not, and stays unknown.
"""

from __future__ import annotations

from typing import Sequence, TypeVar

import numpy as np

from .sightings import Sightings

#: Columns of a memory.
KNOWN, PLACE_M, AGE_S = 0, slice(1, 3), 3
#: Columns of a row of ``recall``, by their names in a manifest.
LAST_SEEN = {"known": slice(0, 1), "place": slice(1, 3), "staleness": slice(3, 4)}

#: Age at which staleness is 1 - 1/e.
FADING_S = 3.0
#: A younger memory beats a sighting of a part.
FRESH_S = 1.0

Speed = TypeVar("Speed", float, np.ndarray)


def new_memory(things: int) -> np.ndarray:
    """Nothing is known of the things 1 to ``things``."""
    return np.zeros((things + 1, 4), np.float32)


def follow_command(speed: Speed, command: Speed, lag_s: float, step_s: float) -> tuple[Speed, Speed]:
    """Mean speed over a step, and the speed at its end, of a drive that follows its command with the time constant ``lag_s``, 0 for at once.

    All are numbers, or arrays of one shape, in one unit. A robot that measures its speeds takes those instead.
    """
    if lag_s == 0:
        return command, command
    left = np.exp(-step_s / lag_s)
    behind = speed - command
    return command + behind * (lag_s / step_s) * (1 - left), command + behind * left


def carry_along(memory: np.ndarray, forward_mps: float, turn_radps: float, step_s: float) -> None:
    """Carries what is known over one step of driving, exactly for constant speeds, and lets it age."""
    turn = turn_radps * step_s
    straight = abs(turn) < 1e-6
    ahead_m = forward_mps * step_s * (1 if straight else np.sin(turn) / turn)
    aside_m = forward_mps * step_s * (turn / 2 if straight else (1 - np.cos(turn)) / turn)
    cos, sin = np.cos(turn), np.sin(turn)
    known = memory[:, KNOWN] > 0
    place_m = memory[known, PLACE_M].astype(np.float64) - [ahead_m, aside_m]
    memory[known, PLACE_M] = place_m @ [[cos, -sin], [sin, cos]]
    memory[known, AGE_S] = memory[known, AGE_S].astype(np.float64) + step_s


def note_found(memory: np.ndarray, found: Sightings) -> None:
    """Notes where things were found just now. What the image cuts counts where nothing younger than a second is known; what
    was not found leaves the memory as it is."""
    fresh = (memory[:, KNOWN] > 0) & (memory[:, AGE_S] < FRESH_S)
    noted = found.seen & ~(found.cut & fresh)
    memory[noted, KNOWN] = 1
    memory[noted, PLACE_M] = found.place_m[noted]
    memory[noted, AGE_S] = 0


def nearest_known(memory: np.ndarray, things: Sequence[int]) -> list[int]:
    """Those of ``things`` that are known, nearest first: obstacles are told in this order."""
    known = [thing for thing in things if memory[thing, KNOWN] > 0]
    return sorted(known, key=lambda thing: np.hypot(*memory[thing, PLACE_M].astype(np.float64)))


def recall(memory: np.ndarray, things: Sequence[int]) -> np.ndarray:
    """What a policy is told of things, float32 [len(things), 4]: known 0 or 1, x and y in metres in the base frame, staleness from 0,
    just seen, towards 1. What was never seen is [0, 0, 0, 1]."""
    rows = memory[list(things)]
    staleness = 1 - np.exp(-rows[:, AGE_S].astype(np.float64) / FADING_S)
    rows[:, LAST_SEEN["staleness"]] = np.where(rows[:, KNOWN] > 0, staleness, 1)[:, None]
    return rows
