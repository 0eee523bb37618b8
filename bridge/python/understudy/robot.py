"""The robot side of the wire ``understudy/1``, in one file: needs pyzmq, msgpack and numpy, nothing else.

    with RobotClient("policies/zoo/push-pair") as robot:
        robot.wait()
        while True:
            robot.observe({"layers": layers, "proprioception": last_action})
            time.sleep(robot.control_step_s)
            forward_mps, turn_radps = robot.command_si()

``command`` never waits and never raises: it is the newest action while that is in force, else zeros. Ages
are judged by this machine's monotonic clock alone, which knows when each observation was sent.
"""

import hashlib
import json
import threading
import time
import uuid
from collections import Counter, OrderedDict
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import msgpack
import numpy as np
import zmq

PROTOCOL = "understudy/1"
DEFAULT_ENDPOINT = "tcp://127.0.0.1:5601"

#: The robot pings at this pace, and takes a policy that was silent for six of them for gone.
TICK_S = 0.1
SILENT_TICKS = 6
#: Observations that an action may still answer.
REMEMBERED = 16
#: Rounding that an action may be outside its limits by; it is clipped.
SLACK = 1e-5
#: Numbers of an interface count to so many digits; what lies in the middle of two goes away from zero.
NINE_DIGITS = Context(prec=9, rounding=ROUND_HALF_UP)


class WireError(RuntimeError):
    """The policy or the supervisor is silent, speaks another version, or does not fit this robot."""


class RobotClient:
    """One robot's connection to a policy server. A thread of its own keeps the session alive."""

    def __init__(self, manifest, endpoint=DEFAULT_ENDPOINT, *, watchdog_s=0.25, keys=None, peer=None):
        """``manifest`` is a bundle's folder, a ``policy.json`` or its contents. ``keys`` and ``peer`` are
        files of ``understudy keys``: the own ``NAME.secret.json``, the server's ``NAME.public.json``."""
        self.manifest = _read_manifest(manifest)
        self.endpoint = endpoint
        self.control_step_s = self.manifest["controlStep_s"]
        #: Messages and actions not accepted, by reason.
        self.refused = Counter()
        output = self.manifest["output"]
        #: Names of the numbers in a command.
        self.columns = [column["name"] for column in output["columns"]]
        self._size = output["shape"][0]
        self._limits = (output["low"], output["high"])
        self._scale = np.array(
            [c["scale"] for c in output["columns"] for _ in range(c["width"])], np.float32
        )
        if not 0 < watchdog_s < float("inf"):
            raise ValueError(f'Expected "watchdog_s" to be a finite time above 0 s, got {watchdog_s}.')
        self._watchdog_s = watchdog_s
        self._lock = threading.Condition()
        self._fatal = None
        self._sequence = 0
        self._start_over(None)
        self._line = Line(dealer(endpoint, keys, peer), TICK_S)
        self._line.start(self._tick, self._receive, self._leave)

    @property
    def connected(self):
        """Whether a policy answers at the moment."""
        return self._session is not None

    def wait(self, timeout_s=3.0):
        """Waits for a session. Raises WireError when there is none in time, or can be none."""
        with self._lock:
            self._lock.wait_for(lambda: self._session or self._fatal, timeout_s)
            self._raise_if_over()
            if self._session is None:
                raise WireError(
                    f'No policy answered at "{self.endpoint}" within {timeout_s:g} s. Start one with '
                    '"understudy serve --policy DIR", or check the endpoint.'
                )

    def observe(self, inputs, *, reset=False):
        """Sends one observation: an array for each input of the manifest and no other, of its shape or flat, and in
        its units. Raises ValueError otherwise. ``reset`` makes a policy with memory forget. Returns the observation's number, or None without a
        session. The arrays are copied."""
        self._check_names(inputs)
        rows = [self._row(spec, inputs) for spec in self.manifest["inputs"]]
        with self._lock:
            self._raise_if_over()
            self._step += 1
            self._reset = self._reset or reset
            if self._session is None:
                return None
            number, self._sequence = self._sequence, self._sequence + 1
            now_s = time.monotonic()
            self._sent[number] = (now_s, self._step)
            while len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)
            header = {
                "type": "observation",
                "session": self._session,
                "sequence": number,
                "stamp_ns": int(now_s * 1e9),
                "robots": [0],
                "resets": [0] if self._reset else [],
                "arrays": [{"name": s["name"], "shape": s["shape"]} for s in self.manifest["inputs"]],
            }
            self._reset = False
            self._line.send([msgpack.packb(header), *rows])
            return number

    def end_episode(self, outcome):
        """Says that an episode has ended with the last observation, and how (``"success"``, or anything else
        in a word or two), so that who records the session can tell episodes apart."""
        with self._lock:
            self._raise_if_over()
            if self._session is None:
                return
            end = {"type": "episode", "session": self._session, "robot": 0, "outcome": outcome}
            self._line.send([msgpack.packb(end)])

    def command(self):
        """What the actuators may be told right now, in the manifest's output units; zeros unless all is
        well. Ask for it right before you write to the motors."""
        with self._lock:
            if not self._time_left_s() > 0:
                return np.zeros(self._size, np.float32)
            return self._actions[self._due()].copy()

    def time_left_s(self):
        """How much longer that command may be in force; 0 or less when it is not. A supervisor is told so."""
        with self._lock:
            return self._time_left_s()

    def command_si(self):
        """The same in SI units, by the scales of the manifest: ``[forward m/s, turn rad/s]``."""
        return self.command() * self._scale

    def exchange(self, inputs, *, reset=False, timeout_s=2.0):
        """Sends an observation and waits for its answer, for simulations that do not run in real time:
        its (first) action, or zeros when none came."""
        number = self.observe(inputs, reset=reset)
        with self._lock:
            answered = lambda: self._answered >= number or number not in self._sent  # noqa: E731
            if number is None or not self._lock.wait_for(answered, timeout_s):
                return np.zeros(self._size, np.float32)
            if self._answered != number:
                return np.zeros(self._size, np.float32)
            return self._actions[0].copy()

    def close(self):
        """Ends the session; commands are zero from here on."""
        self._line.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _row(self, spec, inputs):
        name, shape = spec["name"], spec["shape"]
        values = np.ascontiguousarray(inputs[name], dtype="<f4")
        if list(values.shape) not in (shape, [int(np.prod(shape))]):
            raise ValueError(f'Expected "{name}" of shape {shape}, got {list(values.shape)}.')
        return values.tobytes()

    def _check_names(self, inputs):
        names = [spec["name"] for spec in self.manifest["inputs"]]
        for name in names:
            if name not in inputs:
                raise ValueError(f'Expected an array for "{name}", got {_quoted(inputs)}.')
        for name in inputs:
            if name not in names:
                raise ValueError(f'Unknown input "{name}". Inputs: {_quoted(names)}.')

    def _raise_if_over(self):
        if self._fatal:
            raise WireError(self._fatal)
        if self._line.closed:
            raise WireError("The connection to the policy was closed.")

    def _due(self):
        """Which of the newest actions is for this control step; a single one stands for the steps that follow, too."""
        return 0 if len(self._actions) == 1 else self._step - self._first_step

    def _time_left_s(self):
        due = self._due()
        if due >= len(self._actions):
            return 0.0
        alive_s = self._heard_s if len(self._actions) > 1 else self._accepted_s
        expires_s = self._expires_s + due * self.control_step_s
        return float(min(expires_s, alive_s + self._watchdog_s) - time.monotonic())

    # -- from here on: the thread's, under the lock --

    def _start_over(self, session):
        """Zero commands, and nothing sent that an action could answer."""
        self._session = session
        self._nonce = uuid.uuid4().hex
        self._silent_ticks = 0
        self._sent = OrderedDict()
        self._step = self._first_step = 0
        self._last_action = self._answered = -1
        self._actions = np.zeros((1, self._size), np.float32)
        self._accepted_s = self._heard_s = self._expires_s = -np.inf
        self._reset = True

    def _leave(self):
        if self._session:
            self._line.post([msgpack.packb({"type": "bye", "session": self._session})])
        with self._lock:
            self._start_over(None)
            self._lock.notify_all()

    def _tick(self):
        with self._lock:
            self._silent_ticks += 1
            if self._session and self._silent_ticks > SILENT_TICKS:
                self._start_over(None)
                self._lock.notify_all()
            if self._fatal:
                return
            if self._session:
                ping = {"type": "ping", "session": self._session, "sent_ns": time.monotonic_ns()}
                self._line.post([msgpack.packb(ping)])
                return
            hello = {
                "type": "hello",
                "protocol": PROTOCOL,
                "nonce": self._nonce,
                "manifestHash": manifest_hash(self.manifest),
                "interface": interface_text(self.manifest),
                "robots": 1,
            }
            self._line.post([msgpack.packb(hello)])

    def _receive(self, frames):
        with self._lock:
            try:
                self._take(msgpack.unpackb(frames[0]), frames[1:])
            except Exception:  # whatever a stranger sends must not end the thread
                self.refused["not a message"] += 1
            self._lock.notify_all()

    def _take(self, message, frames):
        kind = message["type"]
        if kind == "welcome" and message["nonce"] == self._nonce and self._session is None:
            self._start_over(message["session"])
        elif kind == "error":
            self._refused(message)
        elif message.get("session") != self._session or self._session is None:
            self.refused["other session"] += 1
        else:
            self._silent_ticks = 0
            self._heard_s = time.monotonic()
            if kind == "bye":
                self._start_over(None)
            if kind == "action":
                reason = self._offer(message, frames)
                if reason:
                    self.refused[reason] += 1

    def _refused(self, error):
        self.refused[f"policy: {error['code']}"] += 1
        if error["about"] not in (self._nonce, self._session):
            return
        if error["code"] in ("protocol", "manifest"):
            self._fatal = error["message"]
        if error["code"] in ("protocol", "manifest", "session"):
            self._start_over(None)
        elif "observation" in error:
            self._sent.pop(error["observation"], None)

    def _offer(self, action, frames):
        """Takes an action, or says why not; a refused one changes nothing."""
        now_s = time.monotonic()
        steps = action.get("steps", 1)
        sent = self._sent.get(action["observation"])
        if action["sequence"] <= self._last_action:
            return "old sequence"
        if sent is None:
            return "unknown observation"
        if action["observation"] < self._answered:
            return "older observation"
        sent_s, step = sent
        due = 0 if steps == 1 else self._step - step
        if due >= steps:
            return "used up"
        ttl_s = action["ttl_ms"] / 1000
        if now_s - sent_s - due * self.control_step_s >= ttl_s:
            return "stale"
        if action["robots"] != [0] or len(frames) != 1 or len(frames[0]) != 4 * steps * self._size:
            return "wrong size"
        values = np.frombuffer(frames[0], "<f4").reshape(steps, self._size)
        if not np.isfinite(values).all():
            return "not finite"
        low, high = self._limits
        if (values < low - SLACK).any() or (values > high + SLACK).any():
            return "outside limits"
        self._actions = np.clip(values, low, high)
        self._last_action, self._answered = action["sequence"], action["observation"]
        self._first_step, self._accepted_s, self._expires_s = step, now_s, sent_s + ttl_s
        return None


def manifest_hash(manifest):
    """What robot and policy compare before anything moves: see ``docs/wire-protocol.md``."""
    agreed = {key: manifest[key] for key in ("inputs", "output", "controlStep_s")}
    return hashlib.sha256(_canonical(agreed).encode()).hexdigest()


def _canonical(value):
    if isinstance(value, dict):
        members = sorted((k, v) for k, v in value.items() if k != "meaning")
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_canonical(v)}" for k, v in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _as_javascript(float(NINE_DIGITS.create_decimal(Decimal(value))))
    return json.dumps(value, ensure_ascii=False)


def _as_javascript(number):
    """A number as JavaScript prints it: without ``.0``, with an exponent below 1e-6 or from 1e21 on."""
    if number == int(number) and abs(number) < 1e21:
        return str(int(number))
    sign = "-" if number < 0 else ""
    # the shortest digits that mean this number: both languages agree on those
    shortest = Decimal(repr(abs(number)))
    mantissa = "".join(map(str, shortest.as_tuple().digits)).strip("0")
    exponent = shortest.adjusted()
    if -7 < exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{mantissa}"
    if 0 <= exponent < 21:
        return f"{sign}{mantissa[: exponent + 1]}.{mantissa[exponent + 1 :]}"
    point = f"{mantissa[0]}.{mantissa[1:]}" if len(mantissa) > 1 else mantissa
    return f"{sign}{point}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def _in_words(manifest):
    rows = [
        f"{each['name']} [{', '.join(map(str, each['shape']))}]"
        for each in [*manifest["inputs"], manifest["output"]]
    ]
    return f"{', '.join(rows[:-1])} -> {rows[-1]} every {_as_javascript(manifest['controlStep_s'])} s"


def interface_text(manifest):
    """The interface in words, then line by line what else has to agree: the policy names the first difference."""
    lines = [_in_words(manifest)]
    for each in [*manifest["inputs"], manifest["output"]]:
        for key, value in sorted(each.items()):
            if key in ("name", "shape", "meaning"):
                continue
            if key == "columns":
                for column in value:
                    about = {k: v for k, v in column.items() if k != "name"}
                    lines.append(f"{each['name']}.{column['name']}: {_canonical(about)}")
            elif key == "camera":
                lines += [f"{each['name']}.camera.{k}: {_canonical(v)}" for k, v in sorted(value.items())]
            else:
                lines.append(f"{each['name']}.{key}: {_canonical(value)}")
    return "\n".join(lines)[:2000]


def _quoted(names):
    return ", ".join(f'"{name}"' for name in names) or "none"


def _read_manifest(manifest):
    if isinstance(manifest, dict):
        return manifest
    path = Path(manifest)
    return json.loads((path / "policy.json" if path.is_dir() else path).read_text())


class Line:
    """A socket and the thread that owns it: it beats time, and passes on what comes."""

    def __init__(self, socket, tick_s):
        self.closed = False
        self._socket = socket
        self._tick_s = tick_s
        # sockets belong to one thread: what others send goes through a pair
        context = zmq.Context.instance()
        pair = f"inproc://{uuid.uuid4()}"
        self._inside = context.socket(zmq.PAIR)
        self._inside.bind(pair)
        self._outside = context.socket(zmq.PAIR)
        self._outside.connect(pair)

    def start(self, tick, receive, leave):
        """Calls ``tick()`` at the pace, ``receive(frames)`` for each message and ``leave()`` at the end, all on the thread."""
        self._thread = threading.Thread(target=self._run, args=(tick, receive, leave), daemon=True)
        self._thread.start()

    def send(self, frames):
        """For any other thread, one at a time."""
        if not self.closed:
            self._outside.send_multipart(frames)

    def post(self, frames):
        """For the thread itself."""
        try:
            self._socket.send_multipart(frames)
        except zmq.Again:
            pass  # nobody listens; nothing old may wait for them

    def close(self):
        """Lets what was sent leave, then ends the thread."""
        if self.closed:
            return
        self.closed = True
        self._outside.send_multipart([b""])
        self._thread.join()
        self._outside.close(0)

    def _run(self, tick, receive, leave):
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._inside, zmq.POLLIN)
        next_tick_s = 0.0
        while True:
            ready = dict(poller.poll(max(0, int(1000 * (next_tick_s - time.monotonic())) + 1)))
            if self._inside in ready:
                frames = self._inside.recv_multipart()
                if frames == [b""]:
                    break
                self.post(frames)
            while self._socket in ready and self._socket.poll(0):
                receive(self._socket.recv_multipart())
            if time.monotonic() >= next_tick_s:
                next_tick_s = time.monotonic() + self._tick_s
                tick()
        leave()
        # a turn for the goodbye to leave: sockets do not linger
        time.sleep(0.02)
        self._socket.close()
        self._inside.close(0)


def dealer(endpoint, keys, peer):
    """A socket whose messages are lost, not kept, while nobody listens. Raises WireError for an endpoint that is none."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    for option, value in [
        (zmq.LINGER, 0),
        (zmq.SNDTIMEO, 0),
        (zmq.IMMEDIATE, 1),
        (zmq.RCVHWM, 4096),
        (zmq.RECONNECT_IVL, 50),
        (zmq.HEARTBEAT_IVL, 100),
        (zmq.HEARTBEAT_TTL, 300),
        (zmq.HEARTBEAT_TIMEOUT, 300),
        # the same address when the connection is made anew, so that its session goes on
        (zmq.IDENTITY, uuid.uuid4().hex.encode()),
    ]:
        socket.setsockopt(option, value)
    if (keys is None) != (peer is None):
        raise ValueError("Expected keys and peer together or neither.")
    if keys is not None:
        own = json.loads(Path(keys).read_text())
        socket.curve_publickey = own["publicKey"].encode()
        socket.curve_secretkey = own["secretKey"].encode()
        socket.curve_serverkey = json.loads(Path(peer).read_text())["publicKey"].encode()
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        socket.close()
        raise WireError(f'Cannot connect to "{endpoint}": {error}.') from error
    return socket
