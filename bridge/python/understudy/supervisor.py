"""A peer of the supervisor, the process that owns a robot's motors: the wire ``understudy-supervisor/1``. Needs pyzmq and msgpack
beside ``understudy.robot``, and ``cryptography`` where the supervisor has keys.

    with RobotClient("robot.json") as robot, SupervisorLink("policy", robot.columns) as base:
        robot.wait()
        base.wait()
        while True:
            robot.observe(read_sensors())
            next_s = time.monotonic() + robot.control_step_s
            while time.monotonic() < next_s:
                left_s = robot.time_left_s()
                base.command(robot.command_si(), left_s)
                time.sleep(0.02)

Who arms is an ``operator`` or ``teleop``. ``StopButton`` is the emergency stop, on a connection of its own.
"""

from __future__ import annotations

import hmac
import itertools
import json
import math
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import msgpack
import zmq
from zmq.utils import z85

from .robot import Line, WireError, dealer

PROTOCOL = "understudy-supervisor/1"
DEFAULT_ENDPOINT = "tcp://127.0.0.1:5611"
DEFAULT_STOP_ENDPOINT = "tcp://127.0.0.1:5612"

#: Peers say that they are there at this pace; a supervisor silent for so many of these, and so many of its own ticks, is taken for gone.
TICK_S = 0.05
SILENT_TICKS = 8
SILENT_BEATS = 4
#: A message to the stop that is not answered is sent again after this long.
REPEAT_S = 0.05

#: Refusals after which a session is over, and those that asking again does not change.
_ENDING = ("unknown session", "other connection", "replayed hello")
_FINAL = ("emergency stop", "may not arm")
_ARMED = ("hold", "armed")
#: What every beat says.
_BEAT = ("beat", "mode", "command", "zones", "holds", "stops")


class SupervisorLink:
    """A lane of a supervisor. It greets until it has the lane, notices silence and begins anew, on a thread of its own."""

    def __init__(
        self,
        lane: str,
        columns: Sequence[str],
        endpoint: str = DEFAULT_ENDPOINT,
        *,
        keys: Optional[str] = None,
        peer: Optional[str] = None,
    ) -> None:
        """``lane`` is ``policy``, ``teleop``, ``operator`` or ``watcher``; ``columns`` name the numbers of a command, on a lane that
        drives as the supervisor has them. ``keys`` and ``peer`` are files of ``understudy keys``: the own ``NAME.secret.json``, the
        supervisor's ``NAME.public.json``."""
        self.lane = lane
        self.endpoint = endpoint
        #: Names of the numbers in a beat's command: the supervisor's, once it has said which.
        self.columns = list(columns)
        #: Messages that the supervisor refused, by reason.
        self.refused: Counter[str] = Counter()
        self._own_columns = list(columns)
        self._claim = _claimant(keys, peer) if keys is not None and peer is not None else None
        self._lock = threading.Condition()
        self._arming = False
        #: The supervisor has said so since it was last asked to arm.
        self._is_armed_already = False
        self._why = ""
        self._verdict: Optional[str] = None
        self._start_over()
        self._line = Line(dealer(endpoint, keys, peer), TICK_S)
        self._line.start(self._tick, self._receive, self._leave)

    @property
    def connected(self) -> bool:
        """Whether the lane is this peer's and the supervisor is heard."""
        return self._session is not None and self._beat is not None

    @property
    def beat(self) -> Optional[Mapping[str, Any]]:
        """The newest of what the supervisor says at each tick: ``mode``, ``driver`` or None, ``command`` in m/s and rad/s, ``zones``,
        ``stops`` and others (docs/wire-protocol.md)."""
        return self._beat

    def wait(self, timeout_s: float = 3.0) -> None:
        """Waits for the lane. Raises WireError, with the reason of a refusal, when there is none in time."""
        self._before(lambda: self.connected, "No supervisor gave the lane", timeout_s)

    def command(self, values: Sequence[float], ttl_s: float) -> bool:
        """Sends a command, one number for each column in m/s or rad/s: motion ends ``ttl_s`` after the newest beat unless
        another follows. With no time left, or no lane, nothing is sent, and the supervisor holds. Returns whether it was sent."""
        numbers = [float(value) for value in values]
        with self._lock:
            if self._session is None or self._beat is None or not ttl_s > 0:
                return False
            sequence, self._sequence = self._sequence, self._sequence + 1
            of = {"sequence": sequence, "beat": self._beat["beat"], "ttl_ms": 1000 * float(ttl_s)}
            self._say("command", **of, values=numbers)
            return True

    def sense(
        self,
        *,
        pose: Optional[Sequence[float]] = None,
        nearest_m: Optional[float] = None,
        age_s: float = 0.0,
    ) -> None:
        """Says what sensors see, for the fence and the stop before obstacles: ``pose`` is [x m, y m, yaw rad] in the odometry
        frame, ``nearest_m`` the least depth in the robot's way, ``age_s`` how old this is."""
        seen: dict[str, Any] = {"age_ms": 1000 * float(age_s)}
        if pose is not None:
            seen["pose"] = dict(zip(("x_m", "y_m", "yaw_rad"), map(float, pose)))
        if nearest_m is not None:
            seen["nearest_m"] = float(nearest_m)
        with self._lock:
            if self._session is not None and self._beat is not None:
                self._say("sense", beat=self._beat["beat"], **seen)

    def arm(self, timeout_s: float = 3.0) -> None:
        """Asks to be armed and waits until it is so. Raises WireError, with the reason, when it is not."""
        with self._lock:
            # beats that are still on their way may be older than an emergency stop: who seems to be armed has to be told so
            seems_armed = self._says_armed()
            self._verdict = None
            self._is_armed_already = False
            self._arming = True
            self._ask_to_arm(self._say)
        armed = lambda: self._is_armed_already or (not seems_armed and self._says_armed())  # noqa: E731
        try:
            over = lambda: armed() or self._verdict is not None  # noqa: E731
            self._before(over, "The supervisor did not arm", timeout_s)
        finally:
            self._arming = False
        if not armed():
            raise WireError(f"The supervisor did not arm. {self._verdict}")

    def disarm(self) -> None:
        """Ends motion; the robot has to be armed anew."""
        with self._lock:
            if self._session is not None:
                self._say("disarm")

    def close(self) -> None:
        """Gives the lane back."""
        self._line.close()

    def __enter__(self) -> SupervisorLink:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _before(self, happens: Any, what: str, timeout_s: float) -> None:
        if not 0 < timeout_s < float("inf"):
            raise ValueError(f'Expected "timeout_s" to be a finite time above 0 s, got {timeout_s}.')
        with self._lock:
            if self._line.closed:
                raise WireError("The connection to the supervisor was closed.")
            if not self._lock.wait_for(happens, timeout_s):
                why = self._why or 'Start one with "understudy supervise", or check the endpoint.'
                raise WireError(f'{what} at "{self.endpoint}" within {timeout_s:g} s. {why}')

    def _says_armed(self) -> bool:
        return self._beat is not None and self._beat["mode"] in _ARMED

    def _ask_to_arm(self, say: Any) -> None:
        if self._arming and self.connected:
            say("arm", beat=self._beat["beat"])

    def _say(self, kind: str, **fields: Any) -> None:
        self._line.send([msgpack.packb({"type": kind, "session": self._session, **fields})])

    # -- from here on: the thread's --

    def _post(self, kind: str, **fields: Any) -> None:
        self._line.post([msgpack.packb({"type": kind, "session": self._session, **fields})])

    def _start_over(self) -> None:
        self._session: Optional[str] = None
        self._beat: Optional[Mapping[str, Any]] = None
        self._nonce = uuid.uuid4().hex
        self._sequence = 0
        self._silent_ticks = 0
        self._patience_ticks = SILENT_TICKS

    def _tick(self) -> None:
        with self._lock:
            self._silent_ticks += 1
            if self._session is not None and self._silent_ticks > self._patience_ticks:
                self._start_over()
                self._lock.notify_all()
            if self._session is None:
                self._hello()
                return
            self._post("alive")
            self._ask_to_arm(self._post)

    def _hello(self) -> None:
        claim = self._claim(self.lane, self._nonce) if self._claim else {}
        hello = {"type": "hello", "protocol": PROTOCOL, "nonce": self._nonce, "lane": self.lane}
        self._line.post([msgpack.packb({**hello, "columns": self._own_columns, **claim})])

    def _leave(self) -> None:
        if self._session is not None:
            self._post("bye")
        with self._lock:
            self._start_over()
            self._lock.notify_all()

    def _receive(self, frames: Sequence[bytes]) -> None:
        with self._lock:
            try:
                self._take(msgpack.unpackb(frames[0]))
            except Exception:  # whatever a stranger sends must not end the thread
                self.refused["not a message"] += 1
            self._lock.notify_all()

    def _take(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "welcome":
            self._welcomed(message)
        elif kind == "refused":
            self._refused(message)
        elif message["session"] == self._session:
            if kind == "beat":
                self._beat = {key: message[key] for key in _BEAT} | {"driver": message.get("driver")}
            if kind == "bye":
                self._start_over()
            self._silent_ticks = 0

    def _welcomed(self, message: Mapping[str, Any]) -> None:
        if message["nonce"] != self._nonce or message["session"] == self._session:
            return
        self._session = message["session"]
        self.columns = message.get("columns", self._own_columns)
        self._sequence = 0
        self._silent_ticks = 0
        self._patience_ticks = max(SILENT_TICKS, math.ceil(SILENT_BEATS * message["tick_ms"] / 1000 / TICK_S))

    def _refused(self, message: Mapping[str, Any]) -> None:
        reason = message["reason"]
        self.refused[reason] += 1
        if message["about"] not in (self._nonce, self._session):
            return
        self._why = message["message"]
        if reason == "already armed":
            self._is_armed_already = True
        if reason in _FINAL:
            self._verdict = message["message"]
        if reason in _ENDING:
            self._start_over()


class StopButton:
    """The emergency stop's own connection to a supervisor: one button, one latch, nothing else on the line. For one thread."""

    def __init__(
        self,
        endpoint: str = DEFAULT_STOP_ENDPOINT,
        *,
        keys: Optional[str] = None,
        peer: Optional[str] = None,
    ) -> None:
        """``endpoint`` is where the supervisor listens for stops; ``keys`` and ``peer`` as for ``SupervisorLink``."""
        self.endpoint = endpoint
        self._requests = itertools.count(1)
        self._socket = dealer(endpoint, keys, peer)

    def stop(self, why: str, timeout_s: float = 2.0) -> Mapping[str, Any]:
        """Stops the robot. Raises WireError when no supervisor says that it did: cut the power."""
        return self._say(timeout_s, type="stop", why=why)

    def reset(self, timeout_s: float = 2.0) -> Mapping[str, Any]:
        """Ends the last stop; the robot is disarmed then. Raises WireError when it is not ended."""
        before = self.ask(timeout_s)
        if before["mode"] != "estop":
            raise WireError(f"There is no emergency stop to reset: it is {before['mode']}.")
        state = self._say(timeout_s, type="reset", stop=before["stops"])
        if state["mode"] == "estop":
            raise WireError("Somebody stopped it again. Look why first.")
        return state

    def ask(self, timeout_s: float = 2.0) -> Mapping[str, Any]:
        """How the supervisor stands, ``mode`` and ``stops``; changes nothing. Raises WireError when nobody answers."""
        return self._say(timeout_s, type="ask")

    def close(self) -> None:
        """Closes the connection. The robot stays as it is."""
        self._socket.close()

    def __enter__(self) -> StopButton:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _say(self, timeout_s: float, **message: Any) -> Mapping[str, Any]:
        """Sends until it is answered."""
        request = next(self._requests)
        frame = msgpack.packb({**message, "request": request})
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            try:
                self._socket.send(frame)
            except zmq.Again:
                pass  # not connected yet
            while self._socket.poll(int(1000 * REPEAT_S)):
                state = msgpack.unpackb(self._socket.recv())
                if state.get("request") == request:
                    return state
        raise WireError(
            f'No supervisor answered at "{self.endpoint}" within {timeout_s:g} s. If the robot moves, cut its power.'
        )


def _claimant(keys: str, peer: str) -> Any:
    """Says whose hello it is, and proves it: HMAC-SHA256 of lane and nonce under the X25519 secret shared with the supervisor."""
    try:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    except ImportError as error:
        raise WireError(
            'A supervisor with keys wants a proof that needs "cryptography". Run: pip install cryptography'
        ) from error
    own = json.loads(Path(keys).read_text())
    theirs = json.loads(Path(peer).read_text())["publicKey"]
    secret = X25519PrivateKey.from_private_bytes(z85.decode(own["secretKey"]))
    shared = secret.exchange(X25519PublicKey.from_public_bytes(z85.decode(theirs)))

    def claim(lane: str, nonce: str) -> Mapping[str, str]:
        text = f"{PROTOCOL} {lane} {nonce}"
        return {"key": own["publicKey"], "proof": hmac.new(shared, text.encode(), "sha256").hexdigest()}

    return claim
