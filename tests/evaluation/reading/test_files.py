"""Files read some frames at a time give the numbers that they give when they are read at once."""

from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.errors import SleapRtError
from sleap_rt.evaluation import EvalOptions, IdentityOptions, PoseOptions
from sleap_rt.evaluation.reading import files
from sleap_rt.evaluation.reading.labels import table_from_labels
from sleap_rt.evaluation.run import measure
from sleap_rt.evaluation.tables import table_text
from sleap_rt.labels import slices

from ..builders import Predicted, User, make_labels, square

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
VIDEOS = ("clips/mice.mp4", "clips/flies.mp4")


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(slices, "_MOST_FRAMES", 8)


def truth(idxs=(2, 3, 6, 7, 13), videos=VIDEOS, kind=User):
    return make_labels(
        {
            (video, idx): [kind(square(200 * animal), track=f"t{animal}") for animal in range(2)]
            for video in videos
            for idx in idxs
        }
    )


def predictions(videos=VIDEOS, n_frames=15, extra=None, **given):
    """Two animals that swap their tracks, one without a track now and then; empty frames."""
    rng = np.random.default_rng(0)
    frames = {}
    for video in videos:
        for idx in range(n_frames):
            tracks = ["a", "b"] if idx < 7 else ["b", "a"]
            frames[video, idx] = [
                Predicted(
                    square(*(200 * animal * np.array([1, 0]) + rng.normal(0, 2, 2))),
                    score=rng.random(),
                    track=None if idx % 7 == 3 else track,
                )
                for animal, track in enumerate(tracks)
                if idx % 5 != 4
            ]
    for place, instances in (extra or {}).items():
        frames[place] = instances
    return make_labels(frames, **given)


_WRONG = Predicted(square(90), track="a")
CORRECTED = [_WRONG, User(square(), "b", made_from=_WRONG)]

CASES = {
    "as it should be": (truth(), predictions()),
    "all frames": (truth(range(15)), predictions()),
    "a video is missing": (truth(), predictions(videos=VIDEOS[:1])),
    "a video too many": (truth(videos=VIDEOS[1:]), predictions()),
    "no frame in common": (truth((40, 41)), predictions()),
    "no video in common": (truth(videos=["other.mp4"]), predictions()),
    "no nodes in common": (truth(), predictions(nodes="efgh", edges=())),
    "nodes in another order": (truth(), predictions(nodes="dcba", edges=())),
    "labels of a person among them": (
        truth(),
        predictions(extra={(VIDEOS[0], 7): [User(square(), track="a"), Predicted(square())]}),
    ),
    "replaced by a person": (
        truth(),
        predictions(extra={(VIDEOS[0], 7): [User(square(), "a"), Predicted(square(), track="a")]}),
    ),
    "corrected by a person": (predictions(extra={(VIDEOS[0], 7): CORRECTED}), predictions()),
    "a track twice, elsewhere": (
        truth(),
        predictions(extra={(VIDEOS[0], 7): [Predicted(square(), track="a")] * 2}),
    ),
    "swapped": (predictions(), truth()),
    "no tracks": (truth(), make_labels({idx: [Predicted(square())] for idx in range(4)})),
    "nothing predicted": (truth(), make_labels({idx: [] for idx in range(9)})),
    "no frames": (truth(), make_labels({})),
}


def outcome(folder, **given):
    """All that the command shows, and the numbers; or the error."""
    options = EvalOptions(
        ground_truth_path=folder / "gt.slp", predicted_paths=(folder / "pr.slp",), **given
    )
    try:
        run = measure(options)
    except SleapRtError as error:
        return str(error), {}
    return table_text(run) + "\n".join(run.notes), run.evaluations[0].metrics


@pytest.mark.parametrize(
    ("case", "measured"),
    [
        *((case, how) for case in CASES for how in ("poses", "tracks")),
        *((case, "all labels") for case in ("swapped", "corrected by a person")),
    ],
)
def test_nothing_changes(case, measured, tmp_path, monkeypatch):
    for name, labels in zip(("gt", "pr"), CASES[case], strict=True):
        labels.copy().save(str(tmp_path / f"{name}.slp"), verbose=False)
        assert slices.open_sliced(tmp_path / f"{name}.slp") is not None
    given = {
        "poses": {},
        "all labels": {"poses": PoseOptions(user_labels_only=False)},
        "tracks": {"identities": IdentityOptions(), "measure_poses": False},
    }[measured]
    in_slices = outcome(tmp_path, **given)
    with monkeypatch.context() as at_once:
        at_once.setattr(files, "open_sliced", lambda path: None)
        whole = outcome(tmp_path, **given)
    assert in_slices[0] == whole[0]
    np.testing.assert_equal(in_slices[1], whole[1])


def test_frames_that_cannot_be_compared_are_not_read(tmp_path, monkeypatch):
    """They are counted; reading one of them as labels takes kilobytes."""
    predictions().save(str(tmp_path / "pr.slp"), verbose=False)
    whole, _ = files.load_table(tmp_path / "pr.slp")
    read, plain = [], sio.load_slp

    def counted(path, **given):
        labels = plain(path, **given)
        read.append(len(labels))
        return labels

    monkeypatch.setattr(sio, "load_slp", counted)
    compared_with, _ = files.load_table(SAMPLES / "crawlers.slp")
    table, _ = files.load_table(tmp_path / "pr.slp", compared_with)
    assert (table.n_frames, read[-1]) == (0, 0)
    assert (table.n_frames_in_file, table.n_instances_in_file) == (30, whole.n_instances)


@pytest.mark.parametrize("n_frames", [1, 40])
def test_tables_are_put_together_as_they_were(n_frames, tmp_path):
    predictions(n_frames=n_frames).save(str(tmp_path / "pr.slp"), verbose=False)
    labels = sio.load_slp(str(tmp_path / "pr.slp"), open_videos=False)
    expected = table_from_labels(labels, str(tmp_path / "pr.slp"))
    found, _ = files.load_table(tmp_path / "pr.slp")
    for name, value in vars(expected).items():
        np.testing.assert_equal(getattr(found, name), value, err_msg=name)
