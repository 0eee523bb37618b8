"""The client of the wire ``understudy-env/1``: one request and one reply for a step of all environments."""

import itertools
import time
import uuid

import msgpack
import zmq

PROTOCOL = "understudy-env/1"
DEFAULT_ENDPOINT = "tcp://127.0.0.1:5621"

#: Asks again after this long: a reply can get lost with its connection, and a request is done only once.
ASK_AGAIN_S = 0.5


class EnvServerError(RuntimeError):
    """The environment server is silent, speaks another version, or refused a request."""


class EnvConnection:
    """One trainer's connection. Replies to requests that were given up are dropped by their number."""

    def __init__(self, endpoint=DEFAULT_ENDPOINT, timeout_s=30.0):
        self.endpoint = endpoint
        self._timeout_s = timeout_s
        self._ids = itertools.count(1)
        self._session = uuid.uuid4().hex
        self._asked = {}
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IMMEDIATE, 1)
        self._socket.setsockopt(zmq.SNDTIMEO, int(1000 * timeout_s))
        try:
            self._socket.connect(endpoint)
            header, _ = self.ask("open", protocol=PROTOCOL)
        except zmq.ZMQError as error:
            self._socket.close()
            raise EnvServerError(f'Cannot connect to "{endpoint}": {error}.') from error
        except Exception:
            self._socket.close()
            raise
        self.spec = header["spec"]

    def ask(self, op, *blobs, **fields):
        """The reply to one request: its header, and its frames as memory that nobody else writes to."""
        return self.answer_to(self.post(op, *blobs, **fields))

    def post(self, op, *blobs, **fields):
        """Sends a request and returns its number, for ``answer_to``."""
        number = next(self._ids)
        header = {"op": op, "id": number, "session": self._session, **fields}
        self._asked = {number: [msgpack.packb(header), *blobs]}
        self._send(self._asked[number])
        return number

    def answer_to(self, number):
        """Waits for the reply to the last request."""
        deadline_s = time.monotonic() + self._timeout_s
        while True:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise EnvServerError(self._silence())
            if not self._socket.poll(max(1, int(1000 * min(left_s, ASK_AGAIN_S)))):
                self._send(self._asked[number])
                continue
            first, *frames = self._socket.recv_multipart(copy=False)
            header = msgpack.unpackb(first.buffer)
            if header["id"] != number:
                continue
            if header["op"] == "error":
                raise EnvServerError(header["message"])
            return header, [frame.buffer for frame in frames]

    def _send(self, frames):
        try:
            self._socket.send_multipart(frames, copy=True)
        except zmq.Again:
            raise EnvServerError(self._silence()) from None

    def close(self):
        if self._socket.closed:
            return
        try:
            self._socket.setsockopt(zmq.SNDTIMEO, 100)
            self.answer_to(self.post("close"))
        except EnvServerError:
            pass  # the server has gone first
        self._socket.close()

    def _silence(self):
        return (
            f'No environments answered at "{self.endpoint}" within {self._timeout_s:g} s. Start them with '
            '"understudy env-server --scene push-pair", or check the endpoint.'
        )
