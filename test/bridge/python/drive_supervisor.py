"""Peers of a supervisor: what they were told, as JSON. Arguments: its two endpoints, then the files of the driver's and the
operator's keys and of the supervisor's, if any."""

import json
import sys
import time

from understudy.robot import WireError
from understudy.supervisor import StopButton, SupervisorLink

endpoint, stop_endpoint, *files = sys.argv[1:]
driver_keys, operator_keys = ({"keys": own, "peer": files[2]} if files else {} for own in files[:2] or [None, None])
COLUMNS = ["forward", "turn"]
PATIENCE_S = 60
told = {}


def refusal(call, *given, **named):
    try:
        call(*given, **named)
    except (ValueError, WireError) as error:
        return str(error)


def waits_in_vain(lane, columns, where, timeout_s, **keys):
    with SupervisorLink(lane, columns, where, **keys) as link:
        return refusal(link.wait, timeout_s)


def is_so(base, happens):
    # a busy machine may lose the supervisor for a moment
    beat = base.beat
    return beat is not None and happens(beat)


def drive_until(base, happens, *, nearest_m=2.0):
    """Commands 0.1 m/s and 0.5 rad/s, and says what is ahead, until something is so."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so(base, happens) and time.monotonic() < deadline_s:
        base.sense(nearest_m=nearest_m, pose=[0.1, 0, 0.2])
        base.command([0.1, 0.5], 0.25)
        time.sleep(0.02)
    return base.beat


def wait_until(base, happens):
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so(base, happens) and time.monotonic() < deadline_s:
        time.sleep(0.005)
    return base.beat


with SupervisorLink("policy", COLUMNS, endpoint, **driver_keys) as base:
    base.wait(PATIENCE_S)
    drive_until(base, lambda _: base.refused["not armed"] > 2)
    told["disarmed"] = base.beat
    told["may not"] = refusal(base.arm, PATIENCE_S)
    with SupervisorLink("operator", ["anything"], endpoint, **operator_keys) as operator:
        operator.wait(PATIENCE_S)
        operator.arm(PATIENCE_S)
        operator.arm(PATIENCE_S)
        told["columns"] = operator.columns
        told["driving"] = drive_until(base, lambda beat: beat["command"] == [0.1, 0.5])
        # nothing of it may be near: it turns, and does not drive
        told["near"] = drive_until(base, lambda beat: beat["command"] == [0, 0.5], nearest_m=0.1)
        told["left alone"] = wait_until(base, lambda beat: beat["mode"] == "hold" and not any(beat["command"]))
        told["no time left"] = [base.command([0.1, 0], ttl_s) for ttl_s in (0, -1, float("nan"))]
        told["second"] = waits_in_vain("policy", COLUMNS, endpoint, 1, **driver_keys)
        told["never"] = refusal(base.wait, float("nan"))
        with StopButton(stop_endpoint, **driver_keys) as button:
            drive_until(base, lambda beat: beat["command"] == [0.1, 0.5])
            told["stopped"] = button.stop("test", PATIENCE_S)
            told["not armed"] = refusal(operator.arm, PATIENCE_S)
            told["reset"] = button.reset(PATIENCE_S)
            told["nothing to reset"] = refusal(button.reset, PATIENCE_S)
        operator.arm(PATIENCE_S)
        operator.disarm()
        told["at last"] = wait_until(base, lambda beat: beat["mode"] == "disarmed")["mode"]
    told["refused"] = sorted(base.refused)
told["closed"] = [base.connected, base.command([0.1, 0], 0.25), refusal(base.wait, 1)]
told["nobody"] = waits_in_vain("teleop", COLUMNS, "tcp://127.0.0.1:9", 0.2)
told["no button"] = refusal(StopButton("tcp://127.0.0.1:9").stop, "test", 0.2)
told["lane"] = waits_in_vain("teleop", COLUMNS if files else ["left"], endpoint, 1, **driver_keys)
print(json.dumps(told))
