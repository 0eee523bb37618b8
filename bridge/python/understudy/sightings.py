"""What a robot's camera says: role layers, and where things are. Needs numpy, nothing else.

A detector numbers things from 1 on, and 0 is none of them. The camera is that of the interface, so that no angle is typed
twice. What a camera sees of a thing is the side that faces it: its middle is found 6 cm behind the mean of those points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np

#: Points higher than this belong to the top of a thing, whose share of the image depends on the distance; they are left out.
TOP_M = 0.14
#: From the mean of the points that are seen to the middle.
DEPTH_M = 0.06
#: Fewer pixels than this are no sighting.
LEAST_PIXELS = 12

#: What an interface has to say of a camera.
CAMERA_KEYS = (
    *("width", "height", "horizontalFov_rad", "verticalFov_rad", "baseFromCamera"),
    *("layers", "inverseDepthScale_m", "minDepth_m", "maxDepth_m"),
)

#: A mount may be off by this much, in metres and as the sine of an angle, before it is one that is not known here.
MOUNT_SLACK = 1e-3


@dataclass(frozen=True)
class Camera:
    """A camera that looks ahead of a base, pitched down about the base's y axis (x forward, y left, z up)."""

    width: int
    height: int
    #: Tangents of half the angles of view.
    tan_half_x: float
    tan_half_y: float
    #: Ahead of the base's middle, and above the floor.
    x_m: float
    z_m: float
    #: Positive looks down.
    pitch_rad: float
    #: What the channels of its images show, such as ``("active", "anchor", "obstacle")``.
    layers: tuple[str, ...]
    #: A pixel is this over the depth in metres, within this range of depth, and 0 elsewhere.
    inverse_depth_scale_m: float
    min_depth_m: float
    max_depth_m: float

    @classmethod
    def of(cls, interface: Mapping[str, Any]) -> Camera:
        """The camera of an interface or manifest: of the input that has one. Raises ValueError where there is none or something is
        not said of it, and for one that is rolled, turned sideways or beside the middle of the base."""
        spec = image_input(interface)["camera"]
        for name in CAMERA_KEYS:
            if name not in spec:
                raise ValueError(f'Expected "{name}" of the camera, got {", ".join(sorted(spec))}. Manifests of format 1 lack it.')
        x_m, y_m, z_m = spec["baseFromCamera"]["position"]
        return cls(
            width=spec["width"],
            height=spec["height"],
            tan_half_x=np.tan(spec["horizontalFov_rad"] / 2).item(),
            tan_half_y=np.tan(spec["verticalFov_rad"] / 2).item(),
            x_m=x_m,
            z_m=z_m,
            pitch_rad=_pitch_rad(spec["baseFromCamera"]["rotation"], y_m),
            layers=tuple(spec["layers"]),
            inverse_depth_scale_m=spec["inverseDepthScale_m"],
            min_depth_m=spec["minDepth_m"],
            max_depth_m=spec["maxDepth_m"],
        )

    def inverse_depth(self, depth_m: np.ndarray) -> np.ndarray:
        """A picture as a policy sees it, float32 [height, width].

        ``depth_m`` is [height, width], metres along the optical axis, of floats. What is not finite, no more than 0 or out of the
        camera's range is 0, as is what no sensor knows.
        """
        depth_m = self._picture("depth", depth_m)
        if not np.issubdtype(depth_m.dtype, np.floating):
            raise ValueError(f"Expected depth in metres, as floats, got {depth_m.dtype}. Divide millimetres by 1000.")
        depth_m = depth_m.astype(np.float64)
        seen = (depth_m > 0) & (depth_m >= self.min_depth_m) & (depth_m <= self.max_depth_m) & np.isfinite(depth_m)
        inverse = np.zeros(depth_m.shape, np.float32)
        inverse[seen] = self.inverse_depth_scale_m / depth_m[seen]
        return inverse

    def check_ids(self, ids: np.ndarray) -> None:
        """Raises ValueError unless ``ids`` are [height, width] of whole numbers."""
        ids = self._picture("ids", ids)
        if not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(f"Expected ids as whole numbers, got {ids.dtype}.")

    def _picture(self, name: str, picture: np.ndarray) -> np.ndarray:
        picture = np.asarray(picture)
        if picture.shape != (self.height, self.width):
            raise ValueError(f"Expected {name} of shape {[self.height, self.width]}, got {list(picture.shape)}.")
        return picture


class Sightings(NamedTuple):
    """What a picture says of where things are. Row i is of the thing with number i; row 0 is of none, and never seen."""

    #: Whether there is enough of it to go by, bool [things + 1].
    seen: np.ndarray
    #: Whether the image's left or right border cuts it, bool [things + 1]: its middle is further out than it seems, by up
    #: to a quarter of its width.
    cut: np.ndarray
    #: Its middle in the base frame, x forward and y left in metres, [things + 1, 2]; NaN where it is not seen.
    place_m: np.ndarray


def role_layers(ids: np.ndarray, inverse: np.ndarray, roles: Sequence[Sequence[int]]) -> np.ndarray:
    """The image of a policy, float32 [roles, height, width], 0 where a role is not seen.

    ``ids`` [height, width] are a detector's numbers, ``inverse`` is what ``Camera.inverse_depth`` makes of the depth, and
    ``roles`` are the numbers of the things in each layer, in the order of ``Camera.layers``.
    """
    return np.stack([np.where(np.isin(ids, list(things)), inverse, np.float32(0)) for things in roles])


def find_things(camera: Camera, ids: np.ndarray, inverse: np.ndarray, things: int) -> Sightings:
    """Where the things 1 to ``things`` are, by their pixels; the picture is as in ``role_layers``. Other numbers are
    strangers."""
    row, column = np.nonzero((ids > 0) & (ids <= things) & (inverse > 0))
    thing = ids[row, column].astype(np.intp)
    depth_m = camera.inverse_depth_scale_m / inverse[row, column].astype(np.float64)
    x_m, y_m, z_m = _in_base(camera, row, column, depth_m)
    low = z_m <= TOP_M
    count = lambda which, weights=None: np.bincount(thing[which], weights, things + 1)  # noqa: E731
    pixels = count(low)
    border = count((column == 0) | (column == camera.width - 1))
    seen = pixels >= LEAST_PIXELS
    sums = np.stack([count(low, x_m[low]), count(low, y_m[low])], axis=1)
    from_camera = np.full((things + 1, 2), np.nan)
    from_camera[seen] = sums[seen] / pixels[seen, None] - [camera.x_m, 0]
    range_m = np.maximum(1e-6, np.hypot(*from_camera.T))[:, None]
    place_m = from_camera * (1 + DEPTH_M / range_m) + [camera.x_m, 0]
    return Sightings(seen, seen & (border > 0), place_m)


def image_input(interface: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input that a camera fills. Raises ValueError where there is none."""
    for each in interface["inputs"]:
        if "camera" in each:
            return each
    names = ", ".join(f'"{each["name"]}"' for each in interface["inputs"])
    raise ValueError(f'Expected an input with a "camera", got {names}.')


def _in_base(
    camera: Camera, row: np.ndarray, column: np.ndarray, depth_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the base frame, x, y and height above the floor in metres, that pixels of these depths show."""
    cos, sin = np.cos(camera.pitch_rad), np.sin(camera.pitch_rad)
    down = ((2 * row + 1) / camera.height - 1) * camera.tan_half_y
    right = ((2 * column + 1) / camera.width - 1) * camera.tan_half_x
    ahead_m = depth_m * (cos - down * sin)
    up_m = depth_m * (-sin - down * cos)
    return camera.x_m + ahead_m, -depth_m * right, camera.z_m + up_m


def _pitch_rad(rotation: Sequence[float], y_m: float) -> float:
    """How far a camera looks down that is mounted by ``rotation`` [x, y, z, w], optical frame to base frame."""
    quaternion = np.asarray(rotation, np.float64)
    length = np.linalg.norm(quaternion)
    if abs(length - 1) > MOUNT_SLACK:
        raise ValueError(f"Expected a rotation [x, y, z, w] of length 1, got {list(rotation)}.")
    x, y, z, w = quaternion / length
    # where the optical axes x, right, and z, ahead, point to in the base frame
    right = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    ahead = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    if np.abs(right - [0, -1, 0]).max() > MOUNT_SLACK:
        said = [round(value, 3) for value in right.tolist()]
        raise ValueError(
            f"Expected a camera that is neither rolled nor turned sideways, whose right is [0, -1, 0] in the base frame, got {said}. "
            "Project its points into the view of one that is straight."
        )
    if abs(y_m) > MOUNT_SLACK:
        raise ValueError(f"Expected a camera in the middle of the base, at y = 0 m, got {y_m} m.")
    return np.arctan2(-ahead[2], ahead[0]).item()
