"""The main job on the sample scene: export the models, track the clips, compare with the truth.

Run by `make demo`. Writes into `demo-output/`: the exported graphs, the predictions, a picture of
each and a report on one of them.
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
JOBS = {  # name -> (clip, models)
    "single_instance": ("one_crawler", ["single_instance"]),
    "bottomup": ("crawlers", ["bottomup"]),
    "topdown": ("crawlers", ["centroid", "centered_instance"]),
}
LARGEST_MEAN_ERROR = 2.0  # px
COLOURS = [(60, 180, 255), (120, 230, 120), (255, 140, 90), (220, 120, 255)]


def main() -> None:
    OUTPUT.mkdir(exist_ok=True)
    reports = [demonstrate(name, clip, models) for name, (clip, models) in JOBS.items()]
    truth, predictions = SAMPLES / "crawlers.slp", OUTPUT / "topdown.predictions.slp"
    run("eval", "-g", truth, "-p", predictions, "--tracks", "--report", OUTPUT / "topdown.html")
    print("\n" + "\n".join(report for report, _ in reports))
    if any(mean > LARGEST_MEAN_ERROR for _, mean in reports):
        sys.exit(f"a mean error exceeds {LARGEST_MEAN_ERROR} px")


def demonstrate(name: str, clip: str, models: list[str]) -> tuple[str, float]:
    """Export, track and compare; returns a line of report and the mean error in px."""
    graphs, predictions = OUTPUT / f"{name}.graphs", OUTPUT / f"{name}.predictions.slp"
    video, picture = SAMPLES / f"{clip}.mp4", OUTPUT / f"{name}.png"
    run("export", *(SAMPLES / "models" / model for model in models), "-o", graphs)
    run("track", "-i", video, "-m", graphs, "-o", predictions, "-t")
    found = sio.load_slp(str(predictions))
    errors, n_expected = compare(sio.load_slp(str(SAMPLES / f"{clip}.slp")), found)
    draw(found, video, picture)
    n_found, mean = sum(len(frame.instances) for frame in found), float(np.mean(errors))
    report = (
        f"{name}: {n_found} animals found, {n_expected} in the truth; error mean {mean:.2f} px, "
        f"median {np.median(errors):.2f} px; picture: {picture}"
    )
    return report, mean


def run(*args: str | Path) -> None:
    print("$ sleap-nn", *args, flush=True)
    subprocess.run([sys.executable, "-m", "sleap_rt", *map(str, args)], check=True)


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


def draw(found: sio.Labels, video: Path, path: Path) -> None:
    """The predictions of the middle frame on its image, enlarged."""
    frame = list(found)[len(found) // 2]
    capture = cv2.VideoCapture(str(video))
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
