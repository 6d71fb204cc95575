"""The sample scene and models: drawn the same every time, and true to what they claim."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import sleap_io as sio

from samples.crawlers import ABDOMEN, FOOT_LEFT, LOOKS, SKELETON, THORAX, crawler_on_spine
from samples.make_samples import CLIPS, FOLDER, shipped_clip
from samples.measure import Frame, Model, Tally, bottomup, single_instance, topdown
from samples.plans import PLANS
from samples.scene import Scene, clip, still
from samples.training import cut_crop
from sleap_rt.models.native.load_native import load_native_model

SIZE_LIMIT = 1_000_000  # bytes; samples are cloned with the code
DRAWN_ERROR = 0.5  # px; a pixel's gray level is rounded, and so is the encoder's
MODEL_ERROR = 2.0  # px, mean over nodes; what the demo promises


@pytest.fixture(scope="module", params=CLIPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def scenes(name: str) -> list[Scene]:
    return shipped_clip(name)


@pytest.fixture(scope="module")
def pictures(name: str) -> np.ndarray:
    return _decoded(name)


def _decoded(name: str) -> np.ndarray:
    video, pictures = cv2.VideoCapture(str(FOLDER / f"{name}.mp4")), []
    while (read := video.read())[0]:
        pictures.append(read[1])
    return np.array(pictures)


def test_a_seed_gives_the_same_clip():
    first, second = (clip(seed=3, n_frames=3, height=128, width=160) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.picture(), b.picture())
        np.testing.assert_array_equal(a.points(), b.points())
    other = clip(seed=4, n_frames=3, height=128, width=160)
    assert not np.array_equal(first[0].points(), other[0].points())


def test_a_seed_gives_the_same_still():
    first, second = (still(np.random.default_rng(3), height=96, width=128) for _ in range(2))
    np.testing.assert_array_equal(first.picture(), second.picture())
    np.testing.assert_array_equal(first.points(), second.points())


def test_a_node_is_hidden_where_another_animal_lies_over_it():
    steps = 4.0 * np.arange(17)[:, None]  # px from the nose
    below = crawler_on_spine(np.array([132, 100]) - steps * [1, 0], gait=0, look=LOOKS["dark"])
    above = crawler_on_spine(np.array([108, 56]) + steps * [0, 1], gait=0, look=LOOKS["pale"])
    scene = Scene(("dark", "pale"), (below, above), background=np.full((200, 130), 128.0))
    # The wide abdomen of the one above, at (108, 100), lies on the thorax of the other and reaches
    # 9 px; the other's head and abdomen are 16 and 20 px away, its nose is outside the picture.
    assert below.points[THORAX].tolist() == above.points[ABDOMEN].tolist() == [108, 100]
    assert scene.visible()[0, :FOOT_LEFT].tolist() == [False, True, False, True, True]
    assert scene.visible()[1].all()


def test_truth_file_holds_the_scene(name, scenes):
    labels = sio.load_slp(str(FOLDER / f"{name}.slp"))
    height, width = scenes[0].background.shape
    assert labels.video.shape == (len(scenes), height, width, 1)
    assert tuple(labels.skeleton.node_names) == SKELETON.node_names
    assert tuple(labels.skeleton.edge_inds) == SKELETON.edge_inds
    assert len(labels) == len(scenes)
    for frame, scene in zip(labels, scenes, strict=True):
        assert len(frame.user_instances) == len(frame.instances) == len(scene.names)
        points, visible = scene.points(), scene.visible()
        for instance in frame.instances:
            animal = scene.names.index(instance.track.name)
            np.testing.assert_allclose(instance.numpy(invisible_as_nan=False), points[animal])
            np.testing.assert_array_equal(instance.points["visible"], visible[animal])


def test_truth_file_names_its_video_without_a_folder(name):
    import h5py

    with h5py.File(FOLDER / f"{name}.slp") as file:
        assert f'"filename":"{name}.mp4"'.encode() in file["videos_json"][0]


def test_video_shows_the_scene(name, scenes, pictures):
    assert pictures.shape[:3] == (len(scenes), *scenes[0].background.shape)
    assert (pictures == pictures[..., :1]).all()  # gray, whatever reads it
    for index in range(0, len(scenes), 20):
        drawn, decoded = scenes[index].picture(), pictures[index, ..., 0]
        assert np.corrcoef(drawn.ravel(), decoded.ravel())[0, 1] > 0.99
        assert np.abs(drawn.astype(float) - decoded).mean() < 2  # gray levels


@pytest.mark.parametrize("animal", ["dark", "pale"])
def test_animals_are_where_the_truth_says(animal):
    """The spot on the thorax stands out from the body: its middle is the node."""
    pictures, looks = _decoded("crawlers")[..., 0].astype(float), LOOKS[animal]
    n_checked = 0
    for frame in sio.load_slp(str(FOLDER / "crawlers.slp")):
        points = {i.track.name: i.numpy() for i in frame.instances}
        place = points.pop(animal)[THORAX]
        others = np.concatenate(list(points.values()))
        if np.isnan(place).any() or np.nanmin(np.linalg.norm(others - place, axis=-1)) < 30:
            continue  # hidden, or others are near
        x, y = np.meshgrid(*(np.arange(c - 6, c + 7) for c in np.rint(place).astype(int)))
        spot = (pictures[frame.frame_idx, y, x] - looks.body) / (looks.mark - looks.body)
        spot = np.where(np.hypot(x - place[0], y - place[1]) < 4.5, spot.clip(0.3, 1) - 0.3, 0)
        middle = np.array([(spot * x).sum(), (spot * y).sum()]) / spot.sum()
        assert np.linalg.norm(middle - place) < DRAWN_ERROR
        n_checked += 1
    assert n_checked > 50


def test_animals_cross_and_cover_each_other():
    frames = sio.load_slp(str(FOLDER / "crawlers.slp")).labeled_frames
    points = np.array([[i.numpy(invisible_as_nan=False) for i in f.instances] for f in frames])
    n_crossings = 0
    for a in range(3):
        for b in range(a):
            gap = np.linalg.norm(points[:, a, :, None] - points[:, b, None], axis=-1)
            touching = gap.min(axis=(1, 2)) < 8  # px
            n_crossings += int((np.diff(touching.astype(int)) == 1).sum())
    assert n_crossings >= 2
    hidden = np.array([[np.isnan(i.numpy()).any() for i in f.instances] for f in frames])
    assert hidden.any(axis=1).sum() >= 20
    assert not np.isnan(points).any()


def test_samples_are_small():
    for path in FOLDER.rglob("*.*"):
        assert path.stat().st_size < SIZE_LIMIT, path


def test_crops_begin_at_whole_pixels_and_count_from_the_fractional_corner():
    picture = np.arange(100, dtype=np.uint8).reshape(10, 10)
    crop, corner = cut_crop(picture, np.array([5.2, 4.6]), 4)
    # Corner (5.2 - 2 + 0.5, 4.6 - 2 + 0.5) = (3.7, 3.1), cut from (3, 3).
    np.testing.assert_allclose(corner, [3.7, 3.1], atol=1e-6)
    np.testing.assert_array_equal(crop, picture[3:7, 3:7])
    beyond, _ = cut_crop(picture, np.array([0.0, 9.0]), 4)
    np.testing.assert_array_equal(beyond[:, :2], 0)
    np.testing.assert_array_equal(beyond[:3, 2:], picture[7:, :2])


@pytest.mark.parametrize("kind", PLANS)
def test_model_folders_load(kind):
    model = load_native_model(FOLDER / "models" / kind)
    assert model.kind == kind
    assert model.skeleton == SKELETON
    assert sorted(path.name for path in (FOLDER / "models" / kind).iterdir()) == [
        "best.ckpt",
        "training_config.yaml",
    ]


@pytest.mark.parametrize(
    ("kind", "clip_name"),
    [
        ("single_instance", "one_crawler"),
        ("centered_instance", "crawlers"),
        ("bottomup", "crawlers"),
    ],
)
def test_models_find_the_animals(kind, clip_name):
    model, pictures = Model(kind), _decoded(clip_name)[..., 0]
    tally = Tally()
    for truth in list(sio.load_slp(str(FOLDER / f"{clip_name}.slp")))[5::25]:
        picture = pictures[truth.frame_idx]
        if kind == "centered_instance":
            poses = topdown(picture, Model("centroid"), model)
        else:
            poses = (bottomup if kind == "bottomup" else single_instance)(picture, model)
        points = np.array([instance.numpy() for instance in truth.instances])
        names = tuple(instance.track.name for instance in truth.instances)
        tally.add(Frame(picture, points, names), poses)
    assert tally.mean_error < MODEL_ERROR
    assert tally.share_found > 0.9


def test_nothing_names_a_folder_of_the_machine_it_was_made_on():
    for path in (*FOLDER.rglob("*.ckpt"), *FOLDER.rglob("*.yaml"), *FOLDER.rglob("*.slp")):
        assert str(Path.home()).encode() + b"/" not in path.read_bytes()
        assert str(FOLDER).encode() not in path.read_bytes()
