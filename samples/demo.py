"""The main job on the sample scene: export the two models, track the clip, compare with the truth.

Run by `make demo`. Writes into `demo-output/`: the exported graphs, the predictions and a picture.
"""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import sleap_io as sio
from scipy.optimize import linear_sum_assignment

SAMPLES = Path(__file__).resolve().parent
OUTPUT = SAMPLES.parent / "demo-output"
MODELS = [SAMPLES / "models" / name for name in ("centroid", "centered_instance")]
LARGEST_MEAN_ERROR = 2.0  # px
COLOURS = [(60, 180, 255), (120, 230, 120), (255, 140, 90), (220, 120, 255)]


def main() -> None:
    OUTPUT.mkdir(exist_ok=True)
    graphs, predictions = OUTPUT / "graphs", OUTPUT / "crawlers.predictions.slp"
    run("export", *map(str, MODELS), "-o", str(graphs))
    run("track", "-i", str(SAMPLES / "crawlers.mp4"), "-m", str(graphs), "-o", str(predictions))
    truth = sio.load_slp(str(SAMPLES / "crawlers.slp"))
    found = sio.load_slp(str(predictions))
    errors, n_expected = compare(truth, found)
    picture = OUTPUT / "overlay.png"
    draw(found, picture)
    n_found = sum(len(frame.instances) for frame in found)
    mean = float(np.mean(errors))
    print(
        f"{n_found} animals found, {n_expected} in the truth; mean error {mean:.2f} px, "
        f"95th percentile {np.percentile(errors, 95):.2f} px\npicture: {picture}"
    )
    if mean > LARGEST_MEAN_ERROR:
        sys.exit(f"the mean error should be below {LARGEST_MEAN_ERROR} px")


def run(*args: str) -> None:
    print("$ sleap-nn", *args, flush=True)
    subprocess.run([sys.executable, "-m", "sleap_rt", *args], check=True)


def compare(truth: sio.Labels, found: sio.Labels) -> tuple[list[float], int]:
    """Distances of all jointly visible nodes of paired animals, and the true number of animals."""
    by_frame = {frame.frame_idx: [i.numpy() for i in frame.instances] for frame in found}
    errors: list[float] = []
    n_expected = 0
    for frame in truth:
        expected = [instance.numpy() for instance in frame.instances]
        n_expected += len(expected)
        actual = by_frame.get(frame.frame_idx, [])
        if not expected or not actual:
            continue
        gaps = np.array([[np.linalg.norm(a - b, axis=1) for b in actual] for a in expected])
        seen = np.isfinite(gaps)
        total = np.where(seen, gaps, 0).sum(axis=2)
        rows, cols = linear_sum_assignment(total / np.maximum(seen.sum(axis=2), 1))
        for row, col in zip(rows, cols, strict=True):
            errors += gaps[row, col][seen[row, col]].tolist()
    return errors, n_expected


def draw(found: sio.Labels, path: Path) -> None:
    """The predictions of the middle frame on its image, enlarged."""
    frame = list(found)[len(found) // 2]
    capture = cv2.VideoCapture(str(SAMPLES / "crawlers.mp4"))
    capture.set(cv2.CAP_PROP_POS_FRAMES, frame.frame_idx)
    _, image = capture.read()
    zoom = 3
    image = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    edges = [
        (found.skeleton.nodes.index(e.source), found.skeleton.nodes.index(e.destination))
        for e in found.skeleton.edges
    ]
    for number, instance in enumerate(frame.instances):
        colour = COLOURS[number % len(COLOURS)]
        points = instance.numpy() * zoom
        for a, b in edges:
            if np.isfinite(points[[a, b]]).all():
                ends = [tuple(int(v) for v in points[n]) for n in (a, b)]
                cv2.line(image, ends[0], ends[1], colour, 2, cv2.LINE_AA)
        for x, y in points[np.isfinite(points[:, 0])]:
            cv2.circle(image, (int(x), int(y)), 4, colour, -1, cv2.LINE_AA)
    cv2.imwrite(str(path), image)


if __name__ == "__main__":
    main()
