"""A small scene with a real video, filmed from nothing: two mice, one of them swaps its track."""

import cv2
import numpy as np
import pytest

from sleap_rt.evaluation import EvalOptions, IdentityOptions, run_eval

from ..builders import Predicted, User, make_labels, square

N_FRAMES = 12
SIZE = (160, 240)  # height, width px
HOSTILE_NAME = "b<i>&$x$.slp"


def level(frame):
    """Gray level of a frame of the video."""
    return 60 + 10 * frame


@pytest.fixture(scope="session")
def scene(tmp_path_factory):
    """A folder with `mice.mp4`, `truth.slp`, `a.slp` and a worse one with a difficult name."""
    pytest.importorskip("matplotlib")
    folder = tmp_path_factory.mktemp("scene")
    video = folder / "mice.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), 10, SIZE[::-1])
    for frame in range(N_FRAMES):
        writer.write(np.full((*SIZE, 3), level(frame), np.uint8))
    writer.release()
    rng = np.random.default_rng(3)
    truth, good, worse = {}, {}, {}
    for frame in range(N_FRAMES):
        left, right = square(10 + frame, 20), square(150 + frame, 90, missing="d")
        truth[frame] = [User(left, track="left"), User(right, track="right")]
        names = ("s", "t") if frame < 8 else ("t", "s")
        good[frame] = [
            Predicted(left + rng.normal(0, 1, (4, 2)), 0.9, track=names[0]),
            Predicted(right + rng.normal(0, 1, (4, 2)), 0.8, track=names[1]),
        ]
        worse[frame] = [Predicted(left + rng.normal(0, 4, (4, 2)), 0.7, track="u")]
    del good[3]
    good[5] = good[5][:1]
    worse[4].append(Predicted(square(500, 400), 0.2, track="v"))
    labels = {"truth.slp": truth, "a.slp": good, HOSTILE_NAME: worse}
    for name, frames in labels.items():
        make_labels(frames, video=str(video)).save(str(folder / name), verbose=False)
    return folder


@pytest.fixture(scope="session")
def write(scene):
    """Evaluate files of the scene and write a report; returns (run, path)."""

    def write_report(name, *predicted, truth="truth.slp", tracks=True, **more):
        run = run_eval(
            EvalOptions(
                ground_truth_path=scene / truth,
                predicted_paths=tuple(scene / p for p in predicted),
                identities=IdentityOptions() if tracks else None,
                report=scene / name,
                **more,
            )
        )
        return run, scene / name

    return write_report


@pytest.fixture(scope="session")
def one(write):
    return write("one.html", "a.slp")


@pytest.fixture(scope="session")
def two(write):
    return write("two.html", "a.slp", HOSTILE_NAME)
