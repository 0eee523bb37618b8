"""Unmodified Python clients against our servers; prints one JSON line that the test reads.

    python test/python/conformance.py gr00t PORT TOKEN | openpi PORT KEY | lekiwi COMMANDS OBSERVATIONS
                                      | zmq-camera PORT | gr00t-server PORT | openpi-server PORT

The policy behind the servers is action = clip([x + 2y, 0.5 - z], -1, 1) of state [x, y, z], in SI units
(0.4 m/s, 2.84 rad/s). Exit code 3: a package is not installed (its name is printed).
"""

import json
import logging
import sys
import time


def refusal(call):
    try:
        call()
    except RuntimeError as error:
        return str(error)
    return None


def gr00t(port, token):
    import gr00t_client
    import numpy as np

    state = np.array([[[0.25, 0, 0]], [[0, 0, 0.25]]], np.float32)
    stranger = gr00t_client.PolicyClient(host="127.0.0.1", port=int(port), api_token="guess")
    client = gr00t_client.PolicyClient(host="127.0.0.1", port=int(port), api_token=token)
    action, info = client.get_action({"state": {"state": state}})
    spoilt = {"state": {"state": state * np.nan}}
    modalities = client.get_modality_config()
    keys = {
        name: config["modality_keys"] if isinstance(config, dict) else config.modality_keys
        for name, config in modalities.items()
    }
    return {
        "kind": gr00t_client.kind,
        "ping": client.ping(),
        "action": action["action"].tolist(),
        "dtype": str(action["action"].dtype),
        "info": info,
        "reset": client.reset(),
        "keys": keys,
        "unauthorized": refusal(stranger.ping),
        "unknown": refusal(lambda: client.call_endpoint("sudo")),
        "not finite": refusal(lambda: client.get_action(spoilt)),
        "again": client.get_action({"state": {"state": state}})[0]["action"].shape,
    }


def openpi(port, key):
    import numpy as np
    import websockets
    from openpi_client.websocket_client_policy import WebsocketClientPolicy

    def connect(api_key):
        return WebsocketClientPolicy(host="127.0.0.1", port=int(port), api_key=api_key)

    client = connect(key)
    observation = {"observation/state": np.array([0.25, 0, 0]), "prompt": "push"}
    result = client.infer(observation)
    second = client.infer(observation)
    spoilt = refusal(lambda: client.infer({"observation/state": np.array([np.nan, 0, 0])}))
    try:
        connect("guess")
        status = None
    except websockets.exceptions.InvalidStatus as error:
        status = error.response.status_code
    return {
        "metadata": client.get_server_metadata(),
        "actions": result["actions"].tolist(),
        "timing": sorted(second["server_timing"]),
        "not finite": spoilt,
        "status": status,
        "again": connect(key).infer(observation)["actions"].shape,
    }


def lekiwi(commands, observations):
    import lerobot
    from lerobot.cameras.opencv import OpenCVCameraConfig
    from lerobot.robots.lekiwi import LeKiwiClient, LeKiwiClientConfig

    logging.getLogger().setLevel(logging.CRITICAL)
    camera = OpenCVCameraConfig("/dev/null", fps=10, width=64, height=64)
    robot = LeKiwiClient(
        LeKiwiClientConfig(
            remote_ip="127.0.0.1",
            port_zmq_cmd=int(commands),
            port_zmq_observations=int(observations),
            cameras={"front": camera},
            connect_timeout_s=30,
        )
    )
    robot.connect()
    joints = [name for name in robot.action_features if name.endswith(".pos")]
    action = dict.fromkeys(joints, 0.0) | {"x.vel": 0.2, "y.vel": 0.0, "theta.vel": 90.0}
    deadline = time.monotonic() + 30
    observation = robot.get_observation()
    # the host says the speed that it was told
    while time.monotonic() < deadline and not observation.get("x.vel"):
        robot.send_action(action)
        observation = robot.get_observation()
    frame = observation["front"]
    result = {
        "version": lerobot.__version__,
        "x.vel": observation["x.vel"],
        "theta.vel": observation["theta.vel"],
        "shape": frame.shape,
        "left": frame[32, 16].tolist(),
    }
    robot.disconnect()
    return result


def zmq_camera(port):
    from lerobot.cameras.zmq import ZMQCamera, ZMQCameraConfig

    camera = ZMQCamera(
        ZMQCameraConfig(server_address="127.0.0.1", port=int(port), camera_name="front")
    )
    camera.connect()
    frame = camera.read()
    camera.disconnect()
    return {"shape": frame.shape, "left": frame[32, 16].tolist()}


def gr00t_server(port):
    """The other way round: a server in Python, on the real zmq, msgpack and numpy."""
    import numpy as np
    from gr00t.policy.policy import BasePolicy
    from gr00t.policy.server_client import PolicyServer

    class Echo(BasePolicy):
        def check_observation(self, observation):
            pass

        def check_action(self, action):
            pass

        def reset(self, options=None):
            return {}

        def _get_action(self, observation, options=None):
            state = observation["state"]["state"]
            assert state.dtype == np.float32 and state.shape == (1, 1, 3), state.shape
            assert observation["language"]["task"] == [["push"]]
            action = np.repeat(state[:, :, :2], 4, axis=1)
            return {"action": action}, {}

    PolicyServer(Echo(strict=False), host="127.0.0.1", port=int(port), api_token="s3cret").run()


def openpi_server(port):
    """What openpi's WebsocketPolicyServer does, on the real websockets and openpi's own packer."""
    import traceback

    import websockets.sync.server
    from openpi_client import msgpack_numpy

    def converse(socket):
        packer = msgpack_numpy.Packer()
        socket.send(packer.pack({"name": "echo"}))
        try:
            for message in socket:
                state = msgpack_numpy.unpackb(message)["observation/state"]
                if not (state == state).all():
                    raise ValueError("the state is not finite")
                socket.send(packer.pack({"actions": state[None, :2].repeat(4, axis=0)}))
        except ValueError:
            socket.send(traceback.format_exc())
            socket.close(1011, "Internal server error. Traceback included in previous frame.")

    with websockets.sync.server.serve(
        converse, "127.0.0.1", int(port), compression=None, max_size=None
    ) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    modes = {f.__name__.replace("_", "-"): f for f in (gr00t, openpi, lekiwi, zmq_camera)}
    modes |= {"gr00t-server": gr00t_server, "openpi-server": openpi_server}
    try:
        result = modes[sys.argv[1]](*sys.argv[2:])
    except ModuleNotFoundError as error:
        print(error.name)
        sys.exit(3)
    print(json.dumps(result))
