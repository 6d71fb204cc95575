"""Which frames are worst and what is drawn of them; the bars of the timeline."""

import base64
import re

import cv2
import numpy as np
import pytest

from sleap_rt.evaluation import PoseOptions
from sleap_rt.evaluation.identity.evaluation import evaluate_identities
from sleap_rt.evaluation.options import IdentityOptions
from sleap_rt.evaluation.pairing.pose_pairs import pair_poses
from sleap_rt.evaluation.reading.images import FrameImages
from sleap_rt.evaluation.report import timeline as timeline_module
from sleap_rt.evaluation.report.timeline import OTHER_TRACK, runs, timeline
from sleap_rt.evaluation.report.worst import draw_frame, worst_frames
from sleap_rt.labels import load_labels

from ..builders import Predicted, User, make_table, square
from .conftest import level

OPTIONS = PoseOptions(oks_stddev=0.05)


def test_worst_frames_by_hand():
    truth = make_table(
        {
            0: [User(square())],  # exact
            1: [User(square())],  # 6 px off: oks exp(-1.5)
            2: [User(square()), User(square(300))],  # one exact, one missed: 0.5
            3: [User(square())],  # missed: 0
            4: [],  # nothing there, nothing predicted
            5: [],  # a false one: 0
        }
    )
    predicted = make_table(
        {
            0: [Predicted(square())],
            1: [Predicted(square(6))],
            2: [Predicted(square())],
            3: [],
            4: [],
            5: [Predicted(square())],
        }
    )
    pairing = pair_poses(truth, predicted, PoseOptions(oks_stddev=0.05, user_labels_only=False))
    worst = worst_frames(pairing, 10)
    assert [frame.place for frame in worst] == [5, 3, 1, 2, 0, 4]
    np.testing.assert_allclose([frame.score for frame in worst], [0, 0, np.exp(-1.5), 0.5, 1, 1])
    assert [frame.n_missed for frame in worst] == [0, 1, 0, 1, 0, 0]
    assert [frame.n_extra for frame in worst] == [1, 0, 0, 0, 0, 0]
    assert worst[2].longest_px == 6
    assert np.isnan(worst[0].longest_px)
    # Of two, one is without any match; of five, two are, as three others exist.
    assert [frame.place for frame in worst_frames(pairing, 2)] == [5, 1]
    assert [frame.place for frame in worst_frames(pairing, 5)] == [5, 3, 1, 2, 0]


def test_worst_frames_show_different_moments_first():
    errors = {0: 6, 9: 5, 10: 3, 19: 4, 40: 2}  # frame -> px
    truth = make_table({frame: [User(square())] for frame in errors})
    predicted = make_table({frame: [Predicted(square(px))] for frame, px in errors.items()})
    worst = worst_frames(pair_poses(truth, predicted, OPTIONS), 5)
    # 9 is close to 0; 19 is not, and 10 is close to 19.
    assert [frame.longest_px for frame in worst] == [6, 4, 2, 5, 3]


def test_worst_frames_of_centroids_have_most_mistakes():
    truth = make_table({0: [User(square())], 1: [User(square())], 2: [User(square())]})
    points = {0: [Predicted(square(9))], 1: [Predicted(square(900))], 2: [Predicted(square(2))]}
    options = PoseOptions(match_method="centroid", match_threshold=50)
    worst = worst_frames(pair_poses(truth, make_table(points), options), 3)
    # A prediction is its first node, the truth its middle (20, 15): 18.6 px in frame 0, 23.4 in 2.
    assert [frame.place for frame in worst] == [1, 2, 0]
    assert worst[1].longest_px == pytest.approx(np.hypot(18, 15))
    assert (worst[0].n_missed, worst[0].n_extra) == (1, 1)


def test_a_frame_is_drawn_with_its_image_truth_and_prediction(scene):
    labels = load_labels(scene / "truth.slp")
    truth = make_table({7: [User(square(30, 40))]}, video=str(scene / "mice.mp4"))
    predicted = make_table(
        {7: [Predicted(square(34, 40, missing="b"))]}, video=str(scene / "mice.mp4")
    )
    pairing = pair_poses(truth, predicted, OPTIONS)
    (worst,) = worst_frames(pairing, 1)
    drawing = draw_frame(pairing, worst.place, FrameImages(labels.videos, scene / "truth.slp"))
    left, top, width, height = map(int, re.search(r'viewBox="([^"]+)"', drawing)[1].split())
    assert left <= 30
    assert top <= 40
    assert left + width >= 74
    assert top + height >= 70
    data = base64.b64decode(re.search(r"base64,([^\"]+)", drawing)[1])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.shape[:2] == (height, width)
    assert abs(float(image.mean()) - level(7)) < 8
    truth_part, predicted_part = drawing.split("<g ")[1:]
    assert truth_part.count("<circle") == 4
    assert truth_part.count("<line") == 3
    assert 'cx="30.0" cy="40.0"' in truth_part
    assert predicted_part.count("<circle") == 3
    assert predicted_part.count("stroke-dasharray") == 2  # a-c and c-d; b is missing


def test_in_centroid_mode_a_cross_is_where_the_animal_s_centroid_is():
    truth = make_table({0: [User(square(30, 40)), User(square(missing="abcd"))]})
    predicted = make_table({0: [Predicted(square(33, 40))]})
    options = PoseOptions(match_method="centroid", match_threshold=50)
    pairing = pair_poses(truth, predicted, options)
    drawing = draw_frame(pairing, worst_frames(pairing, 1)[0].place, RedFrames())
    crosses = re.findall(r'<path d="M([\d.]+) ([\d.]+)h([\d.]+)M', drawing)
    assert len(crosses) == 1  # the other animal has no visible node
    left, y, width = map(float, crosses[0])
    assert (left + width / 2, y) == pytest.approx((50, 55), abs=0.1)  # the middle of the square


class RedFrames:
    """Stands in for the images of a video that is red everywhere."""

    def __init__(self, size=100):
        self.size = size

    def read(self, video, frame_idx):
        return np.full((self.size, self.size, 3), (250, 20, 10), np.uint8)


@pytest.mark.parametrize("corner", [(0, 0), (300, 0), (0, 300), (350, 360), (150, 150)])
def test_animals_at_an_edge_get_a_picture_of_the_same_shape(corner):
    """The part of the image is moved, and not cut off, which would leave bars beside it."""
    poses = {0: [User(square(*corner))]}, {0: [Predicted(square(*corner))]}
    pairing = pair_poses(*map(make_table, poses), OPTIONS)
    drawing = draw_frame(pairing, worst_frames(pairing, 1)[0].place, RedFrames(400))
    left, top, width, height = map(int, re.search(r'viewBox="([^"]+)"', drawing)[1].split())
    assert width / height == pytest.approx(4 / 3, rel=0.03)
    assert min(left, top) >= 0
    assert max(left + width, top + height) <= 400


def test_colours_are_kept():
    truth, predicted = make_table({0: [User(square())]}), make_table({0: [Predicted(square())]})
    pairing = pair_poses(truth, predicted, OPTIONS)
    drawing = draw_frame(pairing, worst_frames(pairing, 1)[0].place, RedFrames())
    data = base64.b64decode(re.search(r"base64,([^\"]+)", drawing)[1])
    blue, green, red = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).mean((0, 1))
    assert (red, green, blue) == pytest.approx((250, 20, 10), abs=6)


def test_a_pose_outside_of_the_image_still_gives_a_picture(scene):
    labels = load_labels(scene / "truth.slp")
    video = str(scene / "mice.mp4")
    truth = make_table({0: [User(square(5000, 5000))]}, video=video)
    pairing = pair_poses(
        truth, make_table({0: [Predicted(square(5000, 5000))]}, video=video), OPTIONS
    )
    drawing = draw_frame(
        pairing, worst_frames(pairing, 1)[0].place, FrameImages(labels.videos, scene / "truth.slp")
    )
    assert "data:image/jpeg;base64," in drawing


@pytest.mark.parametrize(
    ("places", "values", "expected"),
    [
        ([], [], []),
        ([4], [7], [(4, 4, 7)]),
        ([0, 1, 2, 3], [5, 5, 6, 6], [(0, 1, 5), (2, 3, 6)]),
        ([0, 1, 5, 6], [5, 5, 5, 5], [(0, 1, 5), (5, 6, 5)]),
    ],
)
def test_runs_by_hand(places, values, expected):
    assert runs(np.array(places, int), np.array(values, int)) == expected


def identities(frames, tracks):
    truth = {f: [User(square(f), track="m"), User(square(300), track="n")] for f in range(frames)}
    predicted = {
        f: [Predicted(square(f), track=tracks[f]), Predicted(square(300), track="z")]
        for f in range(frames)
        if tracks[f]
    }
    table = make_table(truth), make_table(predicted)
    return evaluate_identities(*table, IdentityOptions(), PoseOptions(oks_stddev=0.05)).videos[0]


def drawn(video):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.add_subplot()
    result = timeline(video)
    result.draw(axes)
    return result, axes


def test_the_timeline_shows_tracks_gaps_and_switches():
    result, axes = drawn(identities(6, ["a", "a", None, "a", "b", "b"]))
    *_, match_m, match_n, switches = axes.collections
    spans = [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in match_m.get_paths()]
    assert spans == [(0, 2), (3, 4), (4, 6)]
    first, _, last = match_m.get_facecolors()
    assert (first != last).any()
    assert len(match_n.get_paths()) == 2  # interrupted by the frame without predictions
    assert switches.get_offsets()[:, 0].tolist() == [4]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["m", "n"]
    assert [name for name, _ in result.tracks] == ["a", "z", "b"]
    assert (result.n_other, result.n_animals_left_out) == (0, 0)


def test_more_tracks_than_colours_share_one_and_are_counted():
    video = identities(10, [f"t{i}" for i in range(10)])
    result, axes = drawn(video)
    assert len(result.tracks) == 8
    assert result.n_other == 3
    colours = {tuple(c) for c in axes.collections[2].get_facecolors().tolist()}
    from matplotlib.colors import to_rgba

    assert to_rgba(OTHER_TRACK) in colours


def test_animals_that_are_not_drawn_are_counted(monkeypatch):
    monkeypatch.setattr(timeline_module, "MAX_ANIMALS", 1)
    result, axes = drawn(identities(3, ["a", "b", "a"]))
    assert result.n_animals_left_out == 1
    assert len(axes.get_yticklabels()) == 1
