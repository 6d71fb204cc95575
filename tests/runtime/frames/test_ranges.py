"""Where the frames of a run can be cut: at key frames, on the grid of batches, nowhere else."""

from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.ranges import Cuts, cuts_of
from sleap_rt.runtime.frames.video import VideoFile


def refs_of(*lengths):
    return [FrameRef(video, index) for video, n in enumerate(lengths) for index in range(n)]


def test_cuts_lie_on_the_first_batch_behind_each_key_frame():
    cuts = cuts_of(refs_of(100), {0: [0, 30, 60, 64, 99]}.get, 8)
    assert list(cuts.free) == [0, 32, 64]  # 99 would be cut at 104, behind the end
    assert cuts.costly == []


def test_stretches_without_key_frames_are_cut_into_few_pieces():
    cuts = cuts_of(refs_of(1000), {0: [0]}.get, 4)
    assert list(cuts.free) == [0]
    assert cuts.costly == [252, 500, 752]


def test_videos_and_chosen_frames_are_cut_where_their_key_frames_are():
    keys = {0: [0, 20], 1: None, 2: [0]}
    refs = [*refs_of(30, 10), *(FrameRef(2, index) for index in (3, 5))]
    assert list(cuts_of(refs, keys.get, 4).free) == [0, 20, 32, 36, 40]
    sparse = [FrameRef(0, index) for index in (1, 2, 21, 22, 23, 24)]
    assert list(cuts_of(sparse, {0: [0, 20]}.get, 2).free) == [0, 2]


def test_parts_end_at_key_frames_that_are_near_and_may_be_empty():
    cuts = Cuts(1000, [0, 240, 480, 720], [60, 120, 180])
    assert [cuts.range_of(part, 4) for part in (1, 2, 3, 4)] == [
        range(240),
        range(240, 480),
        range(480, 720),
        range(720, 1000),
    ]
    tenths = [cuts.range_of(part, 10) for part in range(1, 11)]
    assert tenths[:3] == [range(120), range(120, 240), range(240, 240)]


@given(st.data())
def test_parts_and_ranges_hold_every_frame_once(data):
    lengths = data.draw(st.lists(st.integers(1, 120), min_size=1, max_size=3))
    keys = {
        video: data.draw(st.none() | st.sets(st.integers(0, n - 1)).map(lambda s: sorted({0, *s})))
        for video, n in enumerate(lengths)
    }
    batch = data.draw(st.integers(1, 9))
    cuts = cuts_of(refs_of(*lengths), keys.get, batch)
    n_parts = data.draw(st.integers(1, 12))
    parts = [cuts.range_of(part, n_parts) for part in range(1, n_parts + 1)]
    ranges = [cuts.range_from(0, size := data.draw(st.integers(1, 60)))]
    while ranges[-1].stop < cuts.n_frames:
        ranges.append(cuts.range_from(ranges[-1].stop, size))
    for found in (parts, ranges):
        assert found[0].start == 0
        assert found[-1].stop == cuts.n_frames
        assert all(one.stop == other.start for one, other in pairwise(found))
        assert all(one.start % batch == 0 for one in found if one.start < cuts.n_frames)
    assert all(ranges)  # none is empty


@pytest.fixture(params=["mp4", "mkv", "avi"])
def clip(request, tmp_path):
    """A clip with a key frame every 12 frames, in a container with or without an index of all."""
    path = tmp_path / f"clip.{request.param}"
    with VideoFile(request.config.rootpath / "samples/crawlers.mp4") as source:
        images = [source.read(index) for index in range(40)]
    codec = "mpeg4" if request.param == "avi" else "libx264"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options={"g": "12", "sc_threshold": "0"})
        stream.height, stream.width = images[0].shape[:2]
        for image in images:
            rgb = image.repeat(3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_key_frames_are_those_that_decoding_shows(clip):
    with av.open(str(clip)) as container:
        shown = [n for n, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    with VideoFile(clip) as video:
        assert list(video.key_frames()) == shown == [0, 12, 24, 36]
