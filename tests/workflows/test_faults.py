"""What fails in the middle of a run ends it with one line of ours, and nothing computed is lost."""

import ctypes
import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import sleap_io as sio
from fakes import BrightBlocks
from whole_runs import N_FRAMES, STACK, completed, same

from sleap_rt.cli import main
from sleap_rt.errors import EngineError, RunError, SleapRtError
from sleap_rt.instances import ImageState
from sleap_rt.kinds import KINDS
from sleap_rt.options import EngineOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.engines.ort import OrtEngine
from sleap_rt.runtime.frames import arrays
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.graph_seal import seal
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.runtime.pipeline.stages import stage
from sleap_rt.tracking import Tracker, TrackerOptions
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.predict import predict
from sleap_rt.workflows.retracking import RetrackOptions, retrack_data
from sleap_rt.workflows.tuning import first_sight

KEPT = r"\d+ of 23 frames are kept in .*out\.slp\.journal; pass resume=True"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(stage, "_LEAVE_SECONDS", 0.2)


@pytest.fixture
def run(tmp_path):
    def run(name="out.slp", predictor=None, stall_timeout=300.0, **given):
        options = PredictionOptions(
            output_path=tmp_path / name,
            run=RunOptions(batch_size=4, queue_maxsize=4, stall_timeout=stall_timeout),
            **given,
        )
        completed(STACK, options, predictor)
        return sio.load_slp(str(options.output_path), open_videos=False)

    return run


def call_of(monkeypatch, owner, name, number, fault):
    """Let the call of this number, counted from 0, do something else; a read goes by its frame."""
    plain, calls = getattr(owner, name), []

    def replaced(self, *args, **kwargs):
        calls.append(None)
        is_it = args[0] == number if name == "read" else len(calls) == number + 1
        return fault() if is_it else plain(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, replaced)


def raises(error):
    def fault():
        raise error

    return fault


def hangs():
    threading.Event().wait(20)


def dies():
    """End this thread beneath everything that could hand an exception over."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(threading.get_ident()), ctypes.py_object(SystemExit)
    )
    time.sleep(0.1)


PLACES = {
    "reader": (arrays.ArrayReader, "read", 13, "Reading frame 13"),
    "engine": (BrightBlocks, "predict", 3, "The engine's work on frames 12 to 15"),
    "tracker": (Tracker, "track", 13, "Tracking frame 13"),
    "journal": (Journal, "append", 3, r"Writing .*out\.slp\.journal"),
}
ERRORS = [
    RuntimeError("out of\nluck"),
    MemoryError(),
    ValueError("no"),
    OSError(5, "Input/output error"),
    SystemExit(3),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", PLACES)
def test_a_foreign_exception_is_told_and_the_run_goes_on_from_there(run, monkeypatch, place, error):
    whole = run("whole.slp", tracking=TrackerOptions())
    owner, name, number, where = PLACES[place]
    with monkeypatch.context() as broken:
        call_of(broken, owner, name, number, raises(error))
        with pytest.raises(RunError, match=f"^{where} failed: .* {KEPT}") as caught:
            run(tracking=TrackerOptions())
    assert type(error).__name__ in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is not None  # with --verbose, the traceback
    same(run(tracking=TrackerOptions(), resume=True), whole)


@pytest.mark.parametrize("words", ["ONNX Runtime failed.", "ONNX Runtime failed"])
def test_an_error_of_the_engine_says_how_to_go_on(run, words):
    with pytest.raises(SleapRtError, match=rf"^ONNX Runtime failed\. {KEPT}"):
        run(predictor=BrightBlocks(2, EngineError(words)))
    assert len(run(resume=True)) == N_FRAMES


@pytest.mark.parametrize("place", ["reader", "engine"])
def test_what_hangs_is_given_up(run, monkeypatch, place):
    owner, name, number, where = PLACES[place]
    started = time.monotonic()
    with monkeypatch.context() as broken:
        call_of(broken, owner, name, number, hangs)
        with pytest.raises(RunError, match=rf"^{where} has not ended after 0\.3 s .* {KEPT}"):
            run(stall_timeout=0.3)
    assert time.monotonic() - started < 15, "a hang must be noticed in seconds"
    assert len(run(resume=True)) == N_FRAMES


def test_a_thread_that_dies_without_a_word_is_noticed(run, monkeypatch):
    """Nothing of Python's can end a thread without passing `Stage._run`; a fault there could."""
    with monkeypatch.context() as broken:
        broken.setattr(stage.Stage, "_run", lambda self: None)
        with pytest.raises(RunError, match="thread run-engine ended without a word"):
            run()
    with monkeypatch.context() as broken:
        call_of(broken, arrays.ArrayReader, "read", 13, dies)
        with pytest.raises(RunError, match=f"Reading frame 13 failed: SystemExit. {KEPT}"):
            run()
    assert len(run(resume=True)) == N_FRAMES


def test_without_a_journal_it_says_that_nothing_was_written(monkeypatch):
    options = PredictionOptions(run=RunOptions(batch_size=4))
    with pytest.raises(RunError, match=r"RuntimeError: boom\. Nothing was written\.$"):
        completed(STACK, options, BrightBlocks(2, RuntimeError("boom.")))


def test_the_engine_has_the_next_batch_while_the_rest_of_the_last_one_is_done():
    """Each waits for the other, so that a run one after the other would never end."""
    answered = threading.Event()

    class Overlapped(BrightBlocks):
        def begin(self, frames, frame_indices, known=None):
            rest = super().begin(frames, frame_indices, known)
            if frame_indices[0] == 4:
                answered.set()
            return lambda: rest() if answered.wait(10) else pytest.fail("stages take turns")

    options = PredictionOptions(run=RunOptions(batch_size=4))
    summary = completed(np.zeros((12, 8, 10, 1), np.uint8), options, Overlapped())
    assert summary.n_frames == 12


CLIP = Path(__file__).resolve().parents[2] / "samples/crawlers.mp4"
SAMPLES = [
    ("single_instance",),
    ("centroid",),
    ("bottomup",),
    ("multi_class_bottomup",),
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
]


def with_a_number_missing(graph, kind, path):
    """A graph whose network gives NaN in one of its maps, and lives up to its checksum."""
    model = onnx.load(graph)
    giver = next(node for node in model.graph.node if KINDS[kind].maps[-1] in node.output)
    while giver.op_type != "Conv":  # or what makes classes of it
        giver = next(node for node in model.graph.node if giver.input[0] in node.output)
    (bias,) = (one for one in model.graph.initializer if one.name == giver.input[2])
    values = onnx.numpy_helper.to_array(bias).copy()
    values[-1] = np.nan
    bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
    onnx.save(model, path)
    seal(path)
    return path


@pytest.mark.parametrize("kinds", SAMPLES, ids="+".join)
def test_an_engine_that_gives_no_numbers_is_told(
    kinds, sample_graphs, tmp_path, capfd, monkeypatch
):
    """Peaks are not found then, as if there were no animals; nor did it show at first sight."""
    monkeypatch.setattr(first_sight, "check_at_first_sight", lambda *_: None)
    graphs = sample_graphs(*kinds)
    for place, kind in enumerate(kinds):
        damaged = with_a_number_missing(graphs[place], kind, tmp_path / f"{kind}.onnx")
        used = [damaged if graph == graphs[place] else graph for graph in graphs]
        command = ["track", "-i", str(CLIP), "--frames", "0-3", "-o", str(tmp_path / "out.slp")]
        models = [part for graph in used for part in ("-m", str(graph))]
        with pytest.raises(SystemExit) as left:
            main([*command, *models, "--engine", "ort", "--device", "cpu"])
        told = capfd.readouterr().err
        assert left.value.code == 1, told
        assert "4 frames got NaN or infinity from the engine" in told
        assert "(0-3)" in told


@pytest.mark.parametrize("kinds", SAMPLES, ids="+".join)
def test_frames_without_an_answer_are_told(kinds, sample_graphs, monkeypatch):
    """Eight frames in batches of four; the last graph's second answer has no numbers."""
    graphs, calls = sample_graphs(*kinds), []

    def nan_at_second(plain):
        def run(self, feed, fetch=None):
            found = plain(self, feed, fetch)
            if len(feed["frames"]) < 4:
                return found  # of the sample in the file
            calls.extend([None] * ("centers" in feed or len(kinds) == 1))  # the last graph
            if len(calls) == 2:
                return {name: without_numbers(values) for name, values in found.items()}
            return found

        return run

    def without_numbers(values):
        return np.full_like(values, np.nan if values.dtype.kind == "f" else 0)

    monkeypatch.setattr(OrtEngine, "run", nan_at_second(OrtEngine.run))
    options = PredictionOptions(
        engine=EngineOptions(engine="ort", device="cpu", threads=1),  # batches stay whole
        run=RunOptions(batch_size=4),
        selection=SelectionOptions(frames=tuple(range(8))),
    )
    summary = predict(CLIP, graphs, options)
    (warning,) = [words for words in summary.warnings if "NaN" in words]
    assert "4 frames got NaN or infinity from the engine" in warning
    assert warning.count("(4-7)") == 1
    assert summary.damaged.n(ImageState.UNANSWERED) == 4


def test_a_batch_of_one_lane_without_an_answer_is_told(sample_graphs, monkeypatch):
    """Two batches of four frames go side by side; that with frame 5 gets no numbers."""
    plain = OrtEngine.run
    with VideoFile(CLIP) as video:
        image = video.read(5)

    def nan_at_frame_5(self, feed, fetch=None):
        found = plain(self, feed, fetch)
        if not any(np.array_equal(frame, image) for frame in feed["frames"]):
            return found
        return {
            name: np.full_like(v, np.nan if v.dtype.kind == "f" else 0) for name, v in found.items()
        }

    monkeypatch.setattr(OrtEngine, "run", nan_at_frame_5)
    options = PredictionOptions(
        engine=EngineOptions(engine="ort", device="cpu", threads=2),
        run=RunOptions(batch_size=4),
        selection=SelectionOptions(frames=tuple(range(8))),
    )
    summary = predict(CLIP, sample_graphs("bottomup"), options)
    (warning,) = [words for words in summary.warnings if "NaN" in words]
    assert warning.count("(4-7)") == 1
    assert summary.damaged.n(ImageState.UNANSWERED) == 4


def test_without_a_model_a_fault_of_the_tracker_is_told_as_well(run, monkeypatch, tmp_path):
    run()
    call_of(monkeypatch, Tracker, "assign", 5, raises(ValueError("no")))
    options = RetrackOptions(tracking=TrackerOptions(), output_path=tmp_path / "tracked.slp")
    with pytest.raises(RunError, match=r"^Tracking frame 5 failed: ValueError: no\.$"):
        retrack_data(tmp_path / "out.slp", options)
    assert not (tmp_path / "tracked.slp").exists()
