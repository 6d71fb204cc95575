"""The page finds what upstream's programs found, on real frames of real models."""

import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio
from PIL import Image
from tolerances import PX

from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.web_page.content import page_content
from web_page.pages import serving

pytestmark = [pytest.mark.parity, pytest.mark.engine, pytest.mark.e2e]
NATIVE = {"flies_bottomup": (0, 50), "mice_topdown": (1000,)}  # frames of each recording
LEGACY = {  # case -> models, video and its frames that were kept
    "topdown": (("centroid", "centered_instance"), "centered_pair_small", (9,)),
    "topdown_multiclass": (("centroid", "topdown_multiclass"), "clip", (600,)),
}


def native_case(case, data):
    """Models, frames, and of each frame the points and their scores."""
    index = json.loads((data / "golden/index.json").read_text())[f"{case}.predict"]
    labels = sio.load_slp(str(data / f"golden/{case}.predict.slp"), open_videos=False)
    wanted = {frame.frame_idx: frame.numpy() for frame in labels}
    with VideoFile(data / index["source"]) as video:
        frames = [video.read(number) for number in NATIVE[case]]
    models = [data / model for model in index["models"]]
    return models, frames, [wanted[number] for number in NATIVE[case]]


def legacy_case(case, data):
    """The same of the original SLEAP."""
    names, video, numbers = LEGACY[case]
    recorded = np.load(data / f"golden/original/{case}.npz")
    kept = np.load(data / "golden/original/frames.npz")
    wanted = []
    for number in numbers:
        is_here = np.char.startswith(recorded["video"].astype(str), video)
        (row,) = np.flatnonzero(is_here & (recorded["frame_idx"] == number))
        wanted.append(recorded["instance_peaks"][row, : recorded["n_instances"][row]])
    frames = [kept[f"{video}_{number}"] for number in numbers]
    return [data / "legacy" / name for name in names], frames, wanted


CASES = dict.fromkeys(NATIVE, native_case) | dict.fromkeys(LEGACY, legacy_case)


def test_the_page_finds_what_was_recorded(browse, shared_data, exported, tmp_path):
    jobs, expected = [], []
    with ExitStack() as stack:
        for case, read in CASES.items():
            models, frames, wanted = read(case, shared_data)
            files = [str(tmp_path / f"{case}_{number}.png") for number in range(len(frames))]
            for file, frame in zip(files, frames, strict=True):
                Image.fromarray(frame.squeeze()).save(file)
            content = page_content(GraphSet.read(exported(models)), case)
            jobs.append({"url": stack.enter_context(serving(content)).address, "files": files})
            expected.append(wanted)
        answers = browse(jobs, "--disable-gpu")
    for case, said, wanted in zip(CASES, answers, expected, strict=True):
        assert said["problem"] == "", case
        found = json.loads(Path(said["json"]).read_text(encoding="utf8"))["frames"]
        for frame, points in zip(found, wanted, strict=True):
            here = np.array([one["points"] for one in frame["instances"]], np.float64)
            np.testing.assert_allclose(here, points, rtol=0, atol=PX, err_msg=case)
