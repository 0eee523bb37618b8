"""Writes test/bridge/adapters/golden.json: bytes as the real Python packages make them, in base64.

    python test/python/make_fixtures.py     (numpy, msgpack, opencv; openpi-client without its dependencies)
"""

import base64
import io
import json
import pathlib

import cv2
import msgpack
import numpy as np
from openpi_client import msgpack_numpy

DTYPES = ("u1", "b1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def gr00t(value):
    """What GR00T's MsgSerializer does to an array; it does the rest with msgpack's defaults."""
    return {"__ndarray_class__": True, "as_npy": npy(value)}


def pack_gr00t(value):
    return msgpack.packb(value, default=gr00t)


def camera_jpeg():
    # a left half in red, a right half in blue, as an RGB array; LeRobot hands it to OpenCV as it is
    picture = np.zeros((8, 16, 3), np.uint8)
    picture[:, :8] = (250, 10, 5)
    picture[:, 8:] = (5, 10, 250)
    return cv2.imencode(".jpg", picture, [int(cv2.IMWRITE_JPEG_QUALITY), 90])[1].tobytes()


def main():
    golden = {}
    for kind in DTYPES:
        golden[f"npy {kind}"] = npy(np.arange(6).reshape(2, 3).astype(kind))
    golden["npy scalar"] = npy(np.array(1.5, np.float32))
    golden["npy vector"] = npy(np.arange(3, dtype=np.float32))
    golden["npy fortran"] = npy(np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)))
    golden["npy big-endian"] = npy(np.arange(3).astype(">f4"))
    golden["npy version 2"] = io.BytesIO()
    np.lib.format.write_array(golden["npy version 2"], np.arange(3, dtype="f4"), version=(2, 0))
    golden["npy version 2"] = golden["npy version 2"].getvalue()

    state = np.array([[[1.0, 2.0, 0.25]]], np.float32)
    flat = np.array([[1.0, 2.0, 0.25]], np.float64)
    nested = {"video": {}, "state": {"state": state}, "language": {"task": [["push"]]}}
    call = {"endpoint": "get_action", "data": {"observation": nested, "options": None}}
    golden["gr00t get_action"] = pack_gr00t(call)
    golden["gr00t get_action flat"] = pack_gr00t(
        {"endpoint": "get_action", "data": {"state.state": flat}}
    )
    golden["gr00t ping"] = pack_gr00t({"endpoint": "ping"})
    golden["gr00t token"] = pack_gr00t({"endpoint": "ping", "api_token": "s3cret"})
    golden["gr00t reset"] = pack_gr00t({"endpoint": "reset", "data": {"options": None}})
    golden["gr00t reply ping"] = pack_gr00t({"status": "ok", "message": "Server is running"})
    golden["gr00t reply unauthorized"] = pack_gr00t({"error": "Unauthorized: Invalid API token"})
    action = np.array([[[0.4, 0.71]]], np.float32)
    golden["gr00t reply get_action"] = pack_gr00t([{"action": action}, {}])

    observation = {"observation/state": np.array([1, 2, 0.25], np.float32), "prompt": "push"}
    golden["openpi observation"] = msgpack_numpy.packb(observation)
    golden["openpi generic"] = msgpack_numpy.packb({"x": np.float32(1.5), "n": np.int64(7)})
    golden["openpi actions"] = msgpack_numpy.packb({"actions": action[0]})

    joints = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
    lekiwi = {f"arm_{joint}.pos": float(i) for i, joint in enumerate(joints)}
    lekiwi |= {"x.vel": 0.2, "y.vel": 0.0, "theta.vel": 90.0}
    jpeg = camera_jpeg()
    golden["lekiwi command"] = json.dumps(lekiwi).encode()
    golden["lekiwi command NaN"] = json.dumps(lekiwi | {"x.vel": float("nan")}).encode()
    image = base64.b64encode(jpeg).decode()
    golden["lekiwi 0.6.0"] = json.dumps(lekiwi | {"front": image}).encode()
    golden["lekiwi 0.6.1 header"] = json.dumps({"_cams": ["front"], **lekiwi}).encode()
    golden["jpeg"] = jpeg
    camera = {"timestamps": {"front": 12.5}, "images": {"front": image}}
    golden["zmq camera"] = json.dumps(camera).encode()

    folder = pathlib.Path(__file__).parent.parent / "bridge" / "adapters"
    text = {name: base64.b64encode(data).decode() for name, data in golden.items()}
    made_by = f"numpy {np.__version__}, msgpack {'.'.join(map(str, msgpack.version))}"
    made_by += f", opencv {cv2.__version__}, openpi-client 0.1.2"
    file = folder / "golden.json"
    file.write_text(json.dumps({"madeBy": made_by, **text}, indent=2) + "\n")


main()
