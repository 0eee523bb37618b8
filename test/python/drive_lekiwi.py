"""Drives a LeKiwi by a policy, with nothing but other people's clients.

LeRobot's LeKiwiClient brings the pictures and takes the commands; GR00T's or openpi's client asks the
policy. Ends when the host has gone. The servers are `understudy lekiwi-host`, `gr00t-server` and
`openpi-server`; `bench/adapters-drive.ts` starts all of them.

    python test/python/drive_lekiwi.py --via gr00t --policy_port 5600
"""

import argparse
import logging
import math
import time

import lerobot
from lerobot.cameras.opencv import OpenCVCameraConfig
from lerobot.robots.lekiwi import LeKiwiClient, LeKiwiClientConfig

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")


def gr00t_policy(port):
    import gr00t_client

    client = gr00t_client.PolicyClient(host="127.0.0.1", port=port)
    client.reset()

    def act(roles):
        observation = {
            "video": {"layers": roles[None, None]},
            "state": {},
            "language": {"task": [["push the object to the anchor"]]},
        }
        action, _ = client.get_action(observation)
        return action["action"][0, 0]

    return act, gr00t_client.kind


def openpi_policy(port):
    from openpi_client.websocket_client_policy import WebsocketClientPolicy

    client = WebsocketClientPolicy(host="127.0.0.1", port=port)

    def act(roles):
        observation = {"observation/layers": roles, "prompt": "push the object to the anchor"}
        return client.infer(observation)["actions"][0]

    return act, "openpi_client.websocket_client_policy.WebsocketClientPolicy"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--via", choices=("gr00t", "openpi"), required=True)
    parser.add_argument("--policy_port", type=int, required=True)
    parser.add_argument("--commands_port", type=int, default=5555)
    parser.add_argument("--observations_port", type=int, default=5556)
    parser.add_argument("--silence_s", type=float, default=3, help="end after so long without news")
    args = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)

    act, kind = (gr00t_policy if args.via == "gr00t" else openpi_policy)(args.policy_port)
    robot = LeKiwiClient(
        LeKiwiClientConfig(
            remote_ip="127.0.0.1",
            port_zmq_cmd=args.commands_port,
            port_zmq_observations=args.observations_port,
            cameras={"roles": OpenCVCameraConfig("/dev/null", fps=10, width=64, height=64)},
            connect_timeout_s=60,
        )
    )
    robot.connect()
    print(f"lerobot {lerobot.__version__} {type(robot).__name__}, {kind}", flush=True)
    last, heard, steps = None, time.monotonic(), 0
    while time.monotonic() - heard < args.silence_s:
        roles = robot.get_observation().get("roles")
        # the client gives the same array again where nothing new has come
        if roles is None or roles is last:
            continue
        last, heard, steps = roles, time.monotonic(), steps + 1
        forward_mps, turn_radps = act(roles)
        robot.send_action(
            {f"arm_{joint}.pos": 0.0 for joint in JOINTS}
            | {"x.vel": float(forward_mps), "y.vel": 0.0, "theta.vel": math.degrees(turn_radps)}
        )
    robot.disconnect()
    print(f"{steps} steps", flush=True)


main()
