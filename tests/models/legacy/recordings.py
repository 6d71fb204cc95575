"""Access to the recorded behaviour of the original software."""

import json
import zlib
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

Arrays = dict[str, np.ndarray]


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
