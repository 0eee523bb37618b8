"""Understudy from Python: vector environments for trainers, the robot side of a policy and of a supervisor, and what a student reads.

``understudy.robot`` stands alone: it needs no Gymnasium, and may be copied onto a robot as one file.
"""

from importlib import import_module

_HOMES = {
    "Env": "vector_env",
    "VectorEnv": "vector_env",
    "EnvServerError": "wire",
    "launch": "server",
    "RobotClient": "robot",
    "WireError": "robot",
    "StopButton": "supervisor",
    "SupervisorLink": "supervisor",
    "Camera": "sightings",
    "Memory": "memory",
    "goal_row": "goal",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    # loaded when asked for, so that a robot needs no Gymnasium
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
