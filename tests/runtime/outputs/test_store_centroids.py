"""Centroids as instances, as centroids, or as both; read back from the file."""

from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.errors import OptionError
from sleap_rt.runtime.outputs.centroids import (
    CENTROID_OUTPUTS,
    check_centroid_output,
    store_centroids,
)


def found() -> sio.Labels:
    skeleton = sio.Skeleton(["centroid"])
    video = sio.Video.from_filename("animals.mp4")
    frames = [
        sio.LabeledFrame(
            video=video,
            frame_idx=index,
            instances=[
                sio.PredictedInstance.from_numpy(
                    np.array([[x, 2.5]]), skeleton=skeleton, point_scores=[score], score=score
                )
                for x, score in points
            ],
        )
        for index, points in ((0, [(1.5, 0.75), (7.0, 0.5)]), (3, []))
    ]
    return sio.Labels(labeled_frames=frames, videos=[video], skeletons=[skeleton])


@pytest.mark.parametrize(
    ("output", "n_instances", "n_centroids"),
    [("instance", 2, 0), ("centroid", 0, 2), ("both", 2, 2)],
)
def test_what_is_stored_is_what_was_asked_for(output, n_instances, n_centroids, tmp_path: Path):
    labels = store_centroids(found(), output, None)
    labels.save(str(tmp_path / "out.slp"), embed=False, verbose=False)
    frame, empty = sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)
    assert (len(frame.instances), len(frame.centroids)) == (n_instances, n_centroids)
    assert (len(empty.instances), len(empty.centroids)) == (0, 0)
    stored = [(c.x, c.y, c.score, c.source) for c in frame.centroids]
    expected = [(1.5, 2.5, 0.75, "center_of_mass"), (7.0, 2.5, 0.5, "center_of_mass")]
    assert stored == expected[:n_centroids]


def test_a_centroid_on_a_node_says_so():
    frame = store_centroids(found(), "centroid", "thorax")[0]
    assert [centroid.source for centroid in frame.centroids] == ["anchor:thorax"] * 2


SUITED = {"finds_centroids": True, "is_tracked": False, "output_format": "slp"}


@pytest.mark.parametrize(
    ("output", "run", "words"),
    [
        ("point", {}, "one of instance, centroid, both"),
        ("both", {"is_tracked": True}, "cannot be tracked"),
        ("centroid", {"finds_centroids": False}, "only for the centroids of a centroid model"),
        ("centroid", {"output_format": "analysis_h5"}, "hold centroids"),
    ],
)
def test_what_cannot_be_stored_is_refused(output, run, words):
    with pytest.raises(OptionError, match=words):
        check_centroid_output(output, **{**SUITED, **run})


def test_every_way_is_accepted():
    for output in CENTROID_OUTPUTS:
        check_centroid_output(output, **SUITED)
    # Instances are what every other run gives as well.
    check_centroid_output("instance", finds_centroids=False, is_tracked=True, output_format="csv")
