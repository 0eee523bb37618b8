"""A robot's own half of what a student reads: images, last action, goal and memory, once a control step. Needs numpy, nothing else.

    memory = Memory(robot.manifest, things=3)
    while True:
        memory.look(ids, depth_m)
        action = robot.exchange(memory.inputs({"active": 1, "anchor": 3, "obstacle": [2]}, goal))
        drive(*memory.act(action))

Things are numbered from 1 on, as the detector's picture has them; 0 is none of them.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np

from .last_seen import (
    AGE_S,
    KNOWN,
    LAST_SEEN,
    PLACE_M,
    carry_along,
    follow_command,
    nearest_known,
    new_memory,
    note_found,
    recall,
)
from .sightings import Camera, find_things, image_input, role_layers

#: Which thing, or things, play a part: ``{"active": 1, "anchor": 3, "obstacle": [2, 4]}``. A part that nobody plays may be left out.
Roles = Mapping[str, Union[int, Sequence[int]]]


class Memory:
    """What one robot sees, remembers and has done."""

    def __init__(self, interface: Mapping[str, Any], things: int, *, lag_s: float = 0.1) -> None:
        """``interface`` are the contents of the robot's JSON file, or a manifest, such as ``RobotClient.manifest``; its detector
        tells ``things`` things apart. ``lag_s`` is the time constant with which wheels follow a command; 0 where they do at once."""
        if not 0 <= lag_s < float("inf"):
            raise ValueError(f'Expected "lag_s" to be a finite time from 0 s on, got {lag_s}.')
        self.camera = Camera.of(interface)
        self.control_step_s: float = interface["controlStep_s"]
        self._things = things
        self._lag_s = lag_s
        self._image: str = image_input(interface)["name"]
        self._inputs = {each["name"] for each in interface["inputs"]}
        self._scale = _scales(interface["output"])
        self._told = _told(interface, self.camera.layers)
        self.forget()

    def forget(self) -> None:
        """A new episode: nothing is known, and the robot stands."""
        #: See ``understudy.last_seen``; [things + 1, 4].
        self.last_seen = new_memory(self._things)
        #: The last action, from -1 to 1: forward, turn.
        self.action = np.zeros(2, np.float32)
        self._speeds = np.zeros(2)
        shape = (self.camera.height, self.camera.width)
        self._ids = np.zeros(shape, np.uint8)
        self._inverse = np.zeros(shape, np.float32)

    def act(self, action: Sequence[float]) -> np.ndarray:
        """Takes note of the action, from -1 to 1, that drives the control step which begins now; in SI units it is returned,
        [forward m/s, turn rad/s]."""
        action = np.asarray(action, np.float32)
        if action.shape != (2,):
            raise ValueError(f"Expected an action of shape [2], got {list(action.shape)}.")
        self.action = action.copy()
        return self.action * self._scale

    def look(self, ids: np.ndarray, depth_m: np.ndarray, measured: Optional[Sequence[float]] = None) -> None:
        """Takes in the picture at the end of a control step, or at the start of an episode.

        ``ids`` [height, width] has a thing's number in each of its pixels, ``depth_m`` [height, width] metres along the optical axis.
        ``measured`` is [forward m/s, turn rad/s], the mean over that control step, of a robot that knows better than by its command.
        """
        self.camera.check_ids(ids)
        self._ids = np.array(ids)
        self._inverse = self.camera.inverse_depth(depth_m)
        command = self.action.astype(np.float64) * self._scale
        mean, self._speeds = follow_command(self._speeds, command, self._lag_s, self.control_step_s)
        carry_along(self.last_seen, *(mean if measured is None else measured), self.control_step_s)
        note_found(self.last_seen, find_things(self.camera, self._ids, self._inverse, self._things))

    def inputs(self, roles: Roles, goal: Optional[np.ndarray] = None) -> dict[str, np.ndarray]:
        """An array for each input that the interface has: the image, ``proprioception``, ``goal`` and ``lastSeen``.

        ``goal`` is what ``goal_row`` makes, or zeros [4] in a stage without anchor or target. What else a policy of yours reads is for
        you to add.
        """
        cast = self._cast(roles)
        rows = {
            self._image: role_layers(self._ids, self._inverse, list(cast.values())),
            "proprioception": self.action,
            "goal": goal,
            "lastSeen": self._last_seen_row(cast),
        }
        if goal is None and "goal" in self._inputs:
            raise ValueError('Expected a goal, since the interface has an input "goal". Give what goal_row makes.')
        return {name: np.array(row, np.float32) for name, row in rows.items() if name in self._inputs}

    def place_m(self, thing: int) -> np.ndarray:
        """Where a thing is by now, [x forward, y left] in the base frame in metres; NaN while it was never seen."""
        row = self.last_seen[self._number(thing)]
        return row[PLACE_M].copy() if row[KNOWN] else np.full(2, np.nan, np.float32)

    def age_s(self, thing: int) -> float:
        """How long ago a thing was seen; infinite while it never was."""
        row = self.last_seen[self._number(thing)]
        return float(row[AGE_S]) if row[KNOWN] else float("inf")

    def _cast(self, roles: Roles) -> dict[str, list[int]]:
        """The things of each layer, in the order of the layers."""
        for role in roles:
            if role not in self.camera.layers:
                raise ValueError(f'Unknown role "{role}". Roles: {", ".join(self.camera.layers)}.')
        cast = {role: np.atleast_1d(roles.get(role, [])).astype(int).tolist() for role in self.camera.layers}
        playing = [self._number(thing) for things in cast.values() for thing in things]
        if len(set(playing)) < len(playing):
            raise ValueError(f"Expected each thing in one role at most, got {cast}.")
        for role, things in cast.items():
            if len(things) > 1 and role != "obstacle":
                raise ValueError(f'Expected one thing at most as "{role}", got {things}.')
        return cast

    def _number(self, thing: int) -> int:
        if not 1 <= thing <= self._things:
            raise ValueError(f"Expected the number of a thing, from 1 to {self._things}, got {thing}.")
        return thing

    def _last_seen_row(self, cast: Mapping[str, Sequence[int]]) -> np.ndarray:
        things = []
        for role, place in self._told:
            near = nearest_known(self.last_seen, cast[role])
            # row 0 stands for whatever there is not
            things.append(near[place] if place < len(near) else 0)
        return recall(self.last_seen, things).ravel()


def _told(interface: Mapping[str, Any], layers: Sequence[str]) -> list[tuple[str, int]]:
    """Whom the columns of ``lastSeen`` are about, in order: "obstacle 2" is ("obstacle", 1), the second nearest that is known."""
    columns = [column for each in interface["inputs"] if each["name"] == "lastSeen" for column in each["columns"]]
    told = []
    for first in range(0, len(columns), len(LAST_SEEN)):
        names = [column["name"] for column in columns[first : first + len(LAST_SEEN)]]
        who = names[0].rsplit(".", 1)[0]
        role, _, number = who.partition(" ")
        if names != [f"{who}.{field}" for field in LAST_SEEN] or role not in layers:
            raise ValueError(f'Expected "lastSeen" to have the columns known, place and staleness of each role, got {names}.')
        told.append((role, int(number or 1) - 1))
    return told


def _scales(output: Mapping[str, Any]) -> np.ndarray:
    """What an action of 1 stands for: [m/s, rad/s]."""
    columns = [(column["name"], column["unit"], column["width"]) for column in output["columns"]]
    if columns != [("forward", "m/s", 1), ("turn", "rad/s", 1)]:
        raise ValueError(f'Expected an output of "forward" in m/s and "turn" in rad/s, got {columns}.')
    return np.array([column["scale"] for column in output["columns"]], np.float64)
