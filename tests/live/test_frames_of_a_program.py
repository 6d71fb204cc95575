"""A program hands over frames of its own: what it does with them, or fails to, harms no result."""

import logging
import threading
import time
from itertools import chain

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt import PosePredictor, render, run_live
from sleap_rt.errors import DataError, OptionError, RunError, SleapRtError
from sleap_rt.options import LiveOptions
from sleap_rt.runtime.frames.live import find_source
from sleap_rt.runtime.frames.video import VideoFile

PLAIN = LiveOptions()
GRAY = np.zeros((4, 5), np.uint8)
LONG = 20.0  # s; never waited for where all is well


@pytest.fixture
def graph(sample_graphs):
    (path,) = sample_graphs("bottomup")
    return path


@pytest.fixture(scope="module")
def images(pytestconfig):
    with VideoFile(pytestconfig.rootpath / "samples/crawlers.mp4") as clip:
        return [clip.read(index) for index in range(4)]


class Loop:
    """A processor that lets the next frame come when it is done with one.

    Args:
        work: done with what `process` gets.
    """

    def __init__(self, work=lambda poses, told: None):
        self.poses, self.told, self._work = {}, {}, work
        self._is_done = threading.Event()

    def process(self, poses, **told):
        self.poses[told["frame_index"]], self.told = poses.copy(), told
        try:
            self._work(poses, told)
        finally:
            self._is_done.set()

    def save(self):
        """Nothing."""

    def paced(self, images):
        for image in images:
            yield image
            assert self._is_done.wait(LONG)
            self._is_done.clear()


def test_memory_may_be_used_again_for_the_next_frame(graph, images):
    came = threading.Event()

    def one_buffer():
        buffer = np.empty_like(images[0])
        for image in images[:3]:
            buffer[:] = image
            yield buffer
        came.set()
        buffer[:] = 0

    loop = Loop(lambda *_: came.wait(LONG))  # all others come while the first is worked on
    run_live(one_buffer(), model_paths=graph, processor=loop, tracking=False)
    with PosePredictor(graph) as predictor:
        for index, poses in loop.poses.items():
            expected = predictor.predict_frame(images[index]).points
            np.testing.assert_array_equal(poses, expected)


def test_the_first_frame_is_a_copy_as_well():
    buffer = GRAY.copy()
    source = find_source(iter([buffer]), PLAIN)
    first = source.first()
    buffer[:] = 9
    (again,) = source.frames(threading.Event())
    assert not first.any()
    assert not again.image().any()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OSError("cam lost"), DataError, "the iterable of frames is lost: OSError: cam lost."),
        (SystemExit(3), DataError, "the iterable of frames is lost: SystemExit: 3."),
        (DataError("cam lost"), DataError, "cam lost."),
        (DataError("cam lost."), DataError, "cam lost."),
        (KeyboardInterrupt(), KeyboardInterrupt, ""),
        ((True, GRAY), DataError, "give the second one."),
    ],
)
def test_what_goes_wrong_in_the_program_is_told_and_the_record_is_kept(
    graph, images, tmp_path, error, kind, words
):
    loop, record = Loop(), tmp_path / "out.slp"

    def camera():
        yield from loop.paced(images[:3])
        if isinstance(error, BaseException):
            raise error
        yield error

    with pytest.raises(kind) as failure:
        run_live(camera(), model_paths=graph, processor=loop, output_path=record)
    kept = f"What was recorded until then is in {record}."
    assert str(failure.value).endswith(f"{words} {kept}".strip())
    assert failure.value.__cause__ is not None
    assert len(sio.load_slp(str(record), open_videos=False)) == 3


def test_an_error_ahead_of_the_first_frame_is_told():
    class Closed:
        def __iter__(self):
            raise RuntimeError("no such camera")

    with pytest.raises(
        DataError, match="the iterable of frames is lost: RuntimeError: no such camera"
    ):
        find_source(Closed(), PLAIN)
    with pytest.raises(DataError, match="the iterable of frames is lost: ZeroDivisionError"):
        find_source((1 / 0 for _ in range(3)), PLAIN).first()
    with pytest.raises(DataError, match="the iterable of frames is empty"):
        find_source([], PLAIN).first()


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ((True, GRAY), "got tuple. OpenCV's `read()` gives two values, whether there is a frame"),
        (None, "got NoneType. OpenCV's `read()` gives None where there is no more: end there."),
        (GRAY.astype(np.float32), "got shape (4, 5), float32."),
        ("a.png", "got str."),
        ([[1, 2], [3]], "got list."),
    ],
)
@pytest.mark.parametrize("n_before", [0, 2])
def test_what_is_no_frame_is_named(frame, words, n_before):
    source = find_source(iter([*[GRAY] * n_before, frame]), PLAIN)
    with pytest.raises(DataError) as refusal:
        list(chain([source.first()], source.frames(threading.Event())))
    assert str(refusal.value).startswith(
        f"the iterable of frames, frame {n_before}: A frame is an "
    )
    assert words in str(refusal.value)


def test_a_program_that_gives_no_frame_is_waited_for_as_a_camera(graph, images, tmp_path):
    hanging, record = threading.Event(), tmp_path / "out.slp"

    def hangs(n):
        yield from images[:n]
        hanging.wait(LONG)

    try:
        for n in (0, 1):
            with pytest.raises(DataError) as failure:
                run_live(
                    hangs(n),
                    model_paths=graph,
                    stall_timeout=0.3,
                    output_path=record,
                    overwrite=True,
                )
            told = "the iterable of frames is lost: no frame came for 0.3 s (stall_timeout)."
            kept = f" What was recorded until then is in {record}." if n else ""
            assert str(failure.value) == told + kept
        assert len(sio.load_slp(str(record), open_videos=False)) == 1
        done = run_live(hangs(1), model_paths=graph, stall_timeout=0, duration=0.3)
        assert done.figures.n_predicted == 1
    finally:
        hanging.set()


def test_slow_work_on_a_frame_is_no_silence_of_the_camera(graph, images):
    loop = Loop(lambda *_: time.sleep(0.6))

    def camera():
        for image in loop.paced(images[:2]):
            yield image
            time.sleep(0.25)

    done = run_live(camera(), model_paths=graph, processor=loop, stall_timeout=0.5)
    assert done.figures.n_predicted == 2


def test_a_processor_may_work_in_place(graph, images, tmp_path):
    """What it does to its arrays is in neither the record, nor the tracks, nor the frames."""

    def in_place(poses, told):
        poses += 1000
        for name in ("image", "scores", "point_scores"):
            told[name][:] = 7

    given = [image.copy() for image in images[:4]]
    for name, loop in (("plain", Loop()), ("in_place", Loop(in_place))):
        run_live(
            loop.paced(given),
            model_paths=graph,
            processor=loop,
            output_path=tmp_path / f"{name}.slp",
            use_flow=True,
        )
    np.testing.assert_array_equal(given, images[:4])
    plain, other = (sio.load_slp(str(tmp_path / f"{n}.slp")) for n in ("plain", "in_place"))
    assert len(plain) == len(other) == 4
    for expected, found in zip(plain, other, strict=True):
        for one, same in zip(expected.instances, found.instances, strict=True):
            np.testing.assert_array_equal(same.numpy(scores=True), one.numpy(scores=True))
            assert (same.track.name, same.score) == (one.track.name, one.score)


def test_a_class_in_place_of_a_processor_is_refused_at_once():
    with pytest.raises(OptionError, match=r"got the class Loop. Make one of it: `Loop\(...\)`"):
        run_live(iter([GRAY]), model_paths="none", processor=Loop)


def test_what_fails_first_is_told_where_saving_fails_too(graph, images, caplog):
    class Broken(Loop):
        def save(self):
            raise OSError("disk full")

    def fail(poses, told):
        raise ValueError("no laser")

    with pytest.raises(RunError, match="frame 0 failed: ValueError: no laser"):
        run_live(images[:1], model_paths=graph, processor=Broken(fail))
    assert "The processor's save failed: OSError: disk full." in caplog.messages
    with pytest.raises(RunError, match="save failed: OSError: disk full"):
        run_live(images[:1], model_paths=graph, processor=Broken())


@pytest.mark.parametrize("happened", ["no camera", "no model", "kept record", "closed camera"])
def test_a_processor_keeps_nothing_of_a_run_that_did_not_begin(graph, images, tmp_path, happened):
    class Collecting(Loop):
        def save(self):
            record.write_text("[]")

    def closed():
        yield from [][1 / 0 :]  # fails when it is asked for the first frame

    record, kept = tmp_path / "events.json", tmp_path / "session.slp"
    record.write_text("of the session before")
    kept.write_bytes(b"another file")
    source, options = iter(images[:1]), {}
    if happened == "no camera":
        source = tmp_path / "none.mp4"
    elif happened == "closed camera":
        source = closed()
    elif happened == "kept record":
        options = {"output_path": kept}
    model = "none" if happened == "no model" else graph
    with pytest.raises(SleapRtError):
        run_live(source, model_paths=model, processor=Collecting(), **options)
    assert record.read_text() == "of the session before"


def test_the_address_of_the_page_is_known_to_all(graph, images, caplog):
    pytest.importorskip("cv2")
    loop = Loop()
    with caplog.at_level(logging.WARNING):
        done = run_live(images[:1], model_paths=graph, processor=loop, view=0)
    address = done.addresses["view"]
    assert address.startswith("http://127.0.0.1:")
    assert loop.told["addresses"] == {"view": address}
    assert f"view: {address}" in caplog.messages


def test_who_gives_a_list_is_told_that_most_of_it_was_dropped(graph, images, caplog):
    came = threading.Event()

    class Told(tuple):
        """Tells when the last image was taken."""

        def __iter__(self):
            yield from super().__iter__()
            came.set()

    loop = Loop(lambda *_: came.wait(LONG))
    done = run_live(Told(images), model_paths=graph, processor=loop)
    n_dropped = done.figures.n_dropped
    assert n_dropped in (2, 3)  # the first may be replaced before anybody took it
    told = f"{n_dropped} of 4 frames were dropped, as all came at"
    assert any(one.startswith(told) for one in caplog.messages)
    caplog.clear()
    run_live(images[:1], model_paths=graph)
    assert not [one for one in caplog.messages if "dropped" in one]


def test_a_list_that_comes_faster_than_it_is_predicted_has_an_honest_rate(graph, images):
    """Frames that come all at once take as long as their results."""
    loop = Loop(lambda *_: time.sleep(0.2))
    figures = run_live(images[:1], model_paths=graph, processor=loop).figures
    assert figures.seconds > 0.2


@pytest.mark.parametrize("name", ["batch_size", "frames", "resume"])
def test_an_option_of_runs_over_files_is_told_as_such(name):
    words = f"unexpected keyword argument {name!r}: frames are predicted one by one"
    with pytest.raises(TypeError, match=words):
        run_live(iter([GRAY]), model_paths="none", **{name: 4})


def test_a_record_without_a_file_of_its_frames_is_drawn_over_one(graph, images, tmp_path, request):
    record, picture = tmp_path / "out.slp", tmp_path / "out.png"
    run_live(images[:1], model_paths=graph, output_path=record)
    with pytest.raises(DataError) as refusal:
        render(record, picture)
    assert str(refusal.value) == (
        "A program or a camera gave the frames of these videos, and none were kept: frames of a "
        "program. If a file elsewhere has its frames, name it with video_path."
    )
    video = request.config.rootpath / "samples/crawlers.mp4"
    assert render(record, picture, video_path=video).n_frames == 1
