"""GR00T's PolicyClient: NVIDIA's own class where Isaac-GR00T is installed, else the same wire by hand.

The stand-in uses the real zmq, msgpack and numpy, and says that it is one (`kind`)."""

import io

import msgpack
import numpy as np
import zmq

try:
    from gr00t.policy.server_client import PolicyClient

    kind = "gr00t.policy.server_client.PolicyClient"
except ImportError:
    kind = "a stand-in with the same wire (Isaac-GR00T is not installed)"

    def _encode(value):
        if isinstance(value, np.ndarray):
            file = io.BytesIO()
            np.save(file, value, allow_pickle=False)
            return {"__ndarray_class__": True, "as_npy": file.getvalue()}
        return value

    def _decode(value):
        if "__ndarray_class__" in value:
            return np.load(io.BytesIO(value["as_npy"]), allow_pickle=False)
        return value.get("as_json", value) if "__ModalityConfig_class__" in value else value

    class PolicyClient:
        def __init__(self, host="localhost", port=5555, timeout_ms=15000, api_token=None):
            self._socket = zmq.Context.instance().socket(zmq.REQ)
            self._socket.connect(f"tcp://{host}:{port}")
            self._token = api_token

        def call_endpoint(self, endpoint, data=None, requires_input=True):
            request = {"endpoint": endpoint}
            if requires_input:
                request["data"] = data
            if self._token:
                request["api_token"] = self._token
            self._socket.send(msgpack.packb(request, default=_encode))
            response = msgpack.unpackb(self._socket.recv(), object_hook=_decode)
            if isinstance(response, dict) and "error" in response:
                raise RuntimeError(f"Server error: {response['error']}")
            return response

        def ping(self):
            self.call_endpoint("ping", requires_input=False)
            return True

        def kill_server(self):
            self.call_endpoint("kill", requires_input=False)

        def reset(self, options=None):
            return self.call_endpoint("reset", {"options": options})

        def get_modality_config(self):
            return self.call_endpoint("get_modality_config", requires_input=False)

        def get_action(self, observation, options=None):
            return tuple(
                self.call_endpoint("get_action", {"observation": observation, "options": options})
            )
