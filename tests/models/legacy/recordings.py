"""Access to the recorded behaviour of the original software."""

import json
import zlib
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import sleap_io

from sleap_rt.instances import FrameInstances

Arrays = dict[str, np.ndarray]

# px and confidence, see the README of the recordings. Crops are truncated to bytes, so that a
# last-bit change of a crop's position moves pixels by one level; `bottomup_multiclass` has nearly
# flat peaks.
PX_FRAME, PX_CROPS, PX_CLASS_CROPS, PX_FLAT = 1e-3, 5e-3, 1e-2, 2e-2
VAL_FRAME, VAL_CROPS, PROB = 1e-4, 1e-3, 1e-4
ZEROS = 1e-6  # of outputs, in their units; zeros reach only small values
# Outputs on zeros; the recording of this one carries the rounding of its own run.
ZEROS_ROUNDED = {("bottomup_multiclass", "MultiInstanceConfmapsHead_0"): 5e-5}
NETWORK_ERROR = 1e-4  # confidence; frames with a smaller margin may count differently

MODELS = [
    "bottomup",
    "bottomup_multiclass",
    "centered_instance",
    "centroid",
    "single_instance",
    "topdown_multiclass",
]
OTHER_BACKBONES = [
    "hourglass_bottomup",
    "leap_single_instance",
    "resnet50_centroid",
    "unet_nomiddle_centroid",
    "unet_stem_offsets_bottomup",
]
IMAGE = dict.fromkeys(MODELS, 2e-5) | dict.fromkeys(OTHER_BACKBONES, 3e-5)  # of outputs on images
IMAGE["bottomup_multiclass"] = 1e-4

# Recorded cases of instances: name, models, px, confidence.
INSTANCE_CASES = [
    ("single_instance", ["single_instance"], PX_FRAME, VAL_FRAME),
    ("bottomup", ["bottomup"], PX_FRAME, VAL_FRAME),
    ("topdown", ["centroid", "centered_instance"], PX_CROPS, VAL_CROPS),
]
PIPELINES = [
    *(models for _, models, _, _ in INSTANCE_CASES),
    ["bottomup_multiclass"],
    ["centroid", "topdown_multiclass"],
]


def model_folders(shared_data: Path) -> dict[str, Path]:
    """Every legacy model there is, by name."""
    folders = [*(shared_data / "legacy").iterdir(), *(shared_data / "legacy_other").iterdir()]
    return {folder.name: folder for folder in folders}


def recorded_activations(shared_data: Path, name: str) -> Arrays:
    """`input` (batch, height, width, channels) and one array per output layer."""
    at_original = shared_data / "golden" / "original" / f"{name}.activations.npz"
    path = at_original if at_original.exists() else model_folders(shared_data)[name]
    return dict(np.load(path / "activations.npz" if path.is_dir() else path))


def dummy_activations(folder: Path) -> Arrays:
    """The same for an input of zeros."""
    with h5py.File(folder / "dummy_activations.h5") as file:
        shape = json.loads(file["metadata"][()])["input_shape"]
        outputs = {name: file[name][()] for name in file if name != "metadata"}
    return {"input": np.zeros(shape, np.float32), **outputs}


def recorded_case(shared_data: Path, name: str) -> Arrays:
    return dict(np.load(shared_data / "golden" / "original" / f"{name}.npz"))


def frames_of(shared_data: Path, case: Arrays) -> list[np.ndarray]:
    """The frames of a recorded case, verified by checksum; skips where they decode differently."""
    stored = np.load(shared_data / "golden" / "original" / "frames.npz")
    frames = []
    for source, index, checksum in zip(
        case["video"], case["frame_idx"], case["frame_crc32"], strict=True
    ):
        key = f"{source.split('.')[0]}_{index}"
        frame = stored[key] if key in stored else _decode(shared_data, str(source), int(index))
        if zlib.crc32(frame) != checksum:
            pytest.skip(f"frame {index} of {source} decodes to other pixels here than recorded")
        frames.append(frame)
    return frames


def _decode(shared_data: Path, source: str, index: int) -> np.ndarray:
    video = "clip.mp4" if source == "clip.slp" else source
    capture = cv2.VideoCapture(str(shared_data / "videos" / video))
    capture.set(cv2.CAP_PROP_POS_FRAMES, index)
    _, frame = capture.read()
    capture.release()
    return np.ascontiguousarray(frame[..., :1])  # the colour video is stored, these are gray


def near(actual: np.ndarray, expected: np.ndarray, atol: float, what: object) -> None:
    """Same shape, NaN in the same places, and close."""
    assert actual.shape == expected.shape, what
    np.testing.assert_allclose(actual, expected, atol=atol, rtol=0, err_msg=str(what))


def assert_outputs_equal(name: str, found: Arrays, recorded: Arrays, atol: float) -> None:
    """Outputs of a model's network, by layer and channels first, against a recording."""
    assert set(found) == set(recorded) - {"input", "output_names", "video", "frame_idx"}
    for layer, output in found.items():
        channels_last = output.transpose(0, 2, 3, 1) if output.ndim == 4 else output
        limit = ZEROS_ROUNDED.get((name, layer), atol) if atol == ZEROS else atol
        near(channels_last, recorded[layer], limit, layer)


def is_firm(case: Arrays) -> np.ndarray:
    """Of each frame: whether no peak depends on the network's last bits."""
    return np.minimum(case["margin_threshold"], case["margin_tie"]) > NETWORK_ERROR


def telling_frames(case: Arrays, *, every: int = 1) -> Arrays:
    """The firm frames of a recording of `clip.mp4`; one of the first five, which are alike."""
    firm = np.flatnonzero(is_firm(case) & ~np.isin(case["frame_idx"], (1, 2, 3, 4)))
    assert len(firm) >= 5
    kept, n_frames = firm[::every], len(case["frame_idx"])
    return {k: values[kept] if len(values) == n_frames else values for k, values in case.items()}


def assert_instances_equal(
    found: list[FrameInstances], case: Arrays, px: float, val: float
) -> None:
    """Every frame of a recorded case: counts equal, points and values close, in order."""
    for i, instances in enumerate(found):
        what, n = f"{case['video'][i]} {case['frame_idx'][i]}", case["n_instances"][i]
        near(instances.points, case["instance_peaks"][i, :n], px, what)
        near(instances.point_scores, case["instance_peak_vals"][i, :n], val, what)
        near(instances.scores, case["instance_scores"][i, :n], VAL_FRAME, what)


def stored_predictions(path: Path) -> Arrays:
    """Points and scores of the only frame in a `labels_pr` file."""
    (frame,) = sleap_io.load_slp(str(path), open_videos=False)
    return {
        "points": np.array([instance.numpy() for instance in frame.instances], np.float32),
        "scores": np.array([instance.score for instance in frame.instances], np.float32),
    }
