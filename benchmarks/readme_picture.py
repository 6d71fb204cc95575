"""Draws the picture of README: what `track -t` finds in the sample scene.

    python benchmarks/readme_picture.py crawlers.slp docs/images/crawlers.png

`crawlers.slp` is the result of `sleap-nn track samples/crawlers.mp4 -m samples/models/bottomup -t`.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import sleap_io as sio

FRAME, TAIL, SCALE = 165, 40, 2  # drawn frame; earlier frames of the paths; enlargement
COLOURS = [(60, 180, 255), (120, 230, 120), (255, 140, 90), (220, 120, 255)]  # B, G, R
LEVELS = 48  # shades of a channel: fewer make a smaller file


def main(labels: Path, picture: Path) -> None:
    found = sio.load_slp(str(labels))
    image = cv2.cvtColor(found.video[FRAME].squeeze(), cv2.COLOR_GRAY2BGR)
    image = cv2.resize(image, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    image = np.uint8(image // (256 // LEVELS) * (256 // LEVELS))
    for track, colour in zip(found.tracks, COLOURS, strict=False):
        path = [pose_of(found, track, index) for index in range(FRAME - TAIL, FRAME + 1)]
        middles = [np.nanmean(pose, axis=0) for pose in path if pose is not None]
        cv2.polylines(image, [pixels(middles)], False, colour, 1, cv2.LINE_AA)
        if path[-1] is not None:
            draw_pose(image, path[-1], found.skeleton.edge_inds, colour, track.name)
    picture.parent.mkdir(exist_ok=True, parents=True)
    cv2.imwrite(str(picture), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def pose_of(labels: sio.Labels, track: sio.Track, index: int) -> np.ndarray | None:
    """(n_nodes, 2) px, NaN where missing; None if the animal was not found."""
    for instance in labels[index].instances:
        if instance.track is track:
            return np.asarray(instance.numpy())
    return None


def pixels(points: list[np.ndarray]) -> np.ndarray:
    return np.int32((np.array(points) + 0.5) * SCALE).reshape(-1, 1, 2)


def draw_pose(
    image: np.ndarray,
    pose: np.ndarray,
    edges: list[tuple[int, int]],
    colour: tuple[int, int, int],
    name: str,
) -> None:
    for edge in edges:
        if np.isfinite(pose[list(edge)]).all():
            cv2.polylines(image, [pixels([pose[n] for n in edge])], False, colour, 2, cv2.LINE_AA)
    seen = pose[np.isfinite(pose).all(axis=1)]
    for point in pixels(list(seen)):
        cv2.circle(image, [int(value) for value in point[0]], 3, colour, -1, cv2.LINE_AA)
    x, y = pixels([seen.min(axis=0)])[0, 0]
    corner = (int(x), max(int(y) - 6, 12))
    cv2.putText(image, name, corner, cv2.FONT_HERSHEY_DUPLEX, 0.5, colour, 1, cv2.LINE_AA)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
