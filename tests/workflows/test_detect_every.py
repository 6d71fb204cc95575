"""Runs whose centroid model sees one of N frames: what changes them not, and what refuses them."""

import cv2
import numpy as np
import pytest
from dots import dots_predictor, frame_of
from whole_runs import completed, same

from sleap_rt import PosePredictor, run_live
from sleap_rt.errors import OptionError
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FrameRange,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.predictors.carried import CarriedCropsPredictor
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.topdown import TopDownPredictor
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.parts.merge import MergeOptions, merge_parts
from sleap_rt.workflows.planning.options import PredictionOptions

N_FRAMES, EVERY = 23, 4
PAIR = ("centroid", "centered_instance")


@pytest.fixture
def images(tmp_path):
    """Two animals that turn around; one jumps now and then. One image cannot be read."""
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(N_FRAMES):
        places = [(20 + abs(index - 11), 3), (30 + 7 * (index // 6), 9)]
        cv2.imwrite(str(folder / f"{index:03}.png"), frame_of(*places))
    (folder / "013.png").write_bytes(b"damaged")
    return folder


@pytest.fixture
def run(images, tmp_path, monkeypatch):
    """`run(name, **options)`: the path of the output; `fail_at`: a run of the crop engine."""

    def run(name, batch_size=4, fail_at=None, **given):
        predictor = dots_predictor(monkeypatch, EVERY)
        predictor.crop_engine.fail_at = fail_at
        options = PredictionOptions(
            output_path=tmp_path / name,
            decode=DecodeOptions(detect_every=EVERY),
            run=RunOptions(batch_size=batch_size),
            **{"tracking": TrackerOptions(), "reproducible": True, **given},
        )
        run.summary = completed(images, options, predictor)  # type: ignore[attr-defined]
        return options.output_path

    return run


@pytest.mark.parametrize("batch_size", [1, 5, 8, 23, 100])
def test_the_batch_changes_no_result(run, batch_size):
    one = run("one.slp")
    assert run.summary.n_instances == 40  # of 44; lost by a jump in frames 6, 7, 18 and 19
    same(*map(labels_of, (one, run("other.slp", batch_size))))
    assert run.summary.batch_size == -(-batch_size // EVERY) * EVERY


def labels_of(path):
    import sleap_io as sio

    return sio.load_slp(str(path), open_videos=False)


@pytest.mark.parametrize("fail_at", [4, 7, 13])
def test_a_resumed_run_gives_the_bytes_of_one_that_was_never_cut_off(run, fail_at):
    whole = run("out.slp").read_bytes()
    run.summary.paths[0].unlink()
    with pytest.raises(KeyboardInterrupt, match=f"{fail_at // 4 * 4} of 23 frames are kept in"):
        run("out.slp", fail_at=fail_at)
    assert run("out.slp", resume=True).read_bytes() == whole


def test_merged_parts_are_the_bytes_of_a_whole_run(run, tmp_path):
    whole = run("whole.slp").read_bytes()
    parts = [run(f"{n}.part", frame_range_of=FrameRange(n, 3)) for n in (1, 2, 3)]
    merged = tmp_path / "merged.slp"
    merge_parts(parts, MergeOptions(output_path=merged))
    assert merged.read_bytes() == whole


@pytest.mark.parametrize("frames", [tuple(range(3, 20)), (0, 1, 2, 5), (0, 2)])
def test_frames_that_do_not_fall_into_blocks_are_refused(run, frames):
    with pytest.raises(OptionError, match="from a multiple of 4 on"):
        run("out.slp", selection=SelectionOptions(frames=frames))


def test_frames_may_begin_at_a_multiple(run):
    labels = labels_of(run("out.slp", selection=SelectionOptions(frames=tuple(range(4, 10)))))
    assert [frame.frame_idx for frame in labels] == list(range(4, 10))


@pytest.fixture
def frames(request):
    with VideoFile(request.config.rootpath / "samples/crawlers.mp4") as video:
        return np.stack([video.read(index) for index in range(20)])


@pytest.mark.engine
def test_detecting_in_every_frame_is_what_a_pair_does_anyway(sample_graphs, frames):
    setup = Setup(GraphSet.read(sample_graphs(*PAIR)), DecodeOptions(), EngineOptions(engine="ort"))
    plain, carried = (
        kind(setup).predict(frames[:4], range(4))
        for kind in (TopDownPredictor, CarriedCropsPredictor)
    )
    for one, other in zip(plain, carried, strict=True):
        for name in ("points", "point_scores", "scores"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.engine
def test_single_frames_and_raw_centroid_maps_are_refused(sample_graphs, frames):
    graphs = sample_graphs(*PAIR)
    with PosePredictor(graphs, detect_every=3) as predictor:
        assert len(predictor.predict(frames)) == 20
        assert len(list(predictor.stream(frames, frames=range(3, 6)))) == 3
        with pytest.raises(OptionError, match="detect_every: no effect with predict_frame"):
            predictor.predict_frame(frames[0])
    with pytest.raises(OptionError, match="centroid_confmaps: not there for each frame"):
        PosePredictor(graphs, detect_every=3, raw=("centroid_confmaps",))
    with pytest.raises(OptionError, match="detect_every: no effect with live frames"):
        run_live(list(frames), model_paths=graphs, detect_every=3)
