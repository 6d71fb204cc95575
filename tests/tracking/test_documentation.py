"""The examples of docs/tracking.md run as they stand there."""

import re
from pathlib import Path

import numpy as np
import sleap_io as sio

from tracking.crowds import Crowd, draw, easy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tracking.md"


def example(word):
    """The Python example in which a word occurs."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if word in block]
    return block


def test_the_online_example_follows_two_animals():
    _, sequence = draw(easy(Crowd(n_animals=2, n_frames=20, area_per_animal_px=400, seed=1)))
    followed = []
    code = example("tracker.track(frame)")
    assert "points = find(frame_index)" in code
    exec(
        code.replace("points = find(frame_index)", "points = sequence[frame_index].points"),
        {
            "sequence": sequence,
            "print": lambda name, middle, score: followed.append((name, middle, float(score))),
        },
    )
    assert {name for name, _, _ in followed} == {"track_0", "track_1"}
    assert len(followed) == 40
    for name in ("track_0", "track_1"):
        path = np.array([middle for track, middle, _ in followed if track == name])
        assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 20  # px; never the other one
    assert all(0 <= score <= 1 for _, _, score in followed)


def test_the_online_example_runs_as_it_stands(capsys):
    exec(example("tracker.track(frame)"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 40
    assert lines[-1].startswith("track_1 [39. 99.]")


def test_the_file_example_writes_tracks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    skeleton = sio.Skeleton(["a", "b"])
    poses = [np.array([(0, 0), (9, 9)]) + 50 * animal for animal in range(2)]
    frames = [
        sio.LabeledFrame(
            video=video,
            frame_idx=index,
            instances=[sio.PredictedInstance.from_numpy(pose, skeleton=skeleton) for pose in poses],
        )
        for video in [sio.Video("film.mp4", open_backend=False)]
        for index in range(3)
    ]
    sio.Labels(frames).save("poses.slp", verbose=False)
    exec(example("retrack(labels"), {})
    tracked = sio.load_slp("tracked.slp", open_videos=False)
    assert [track.name for track in tracked.tracks] == ["track_0", "track_1"]
