"""What damage leaves of a video keeps its true number; what is lost or made up is told."""

import struct

import av
import numpy as np
import pytest
from clips import encode, number_in

from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.video import VideoFile

N = 120
B_FRAMES = {"bf": "3", "g": "20"}
UNEVEN = np.cumsum(np.random.default_rng(0).integers(20, 60, N)).tolist()
CLIPS = {
    "even.mkv": {"options": B_FRAMES},
    "uneven.mkv": {"options": B_FRAMES, "times_ms": UNEVEN},
    "vp8.webm": {"codec": "libvpx", "options": {"g": "20"}},
    "even.mp4": {"options": B_FRAMES},
    "uneven.mp4": {"options": B_FRAMES, "times_ms": UNEVEN},
    "plain.avi": {"codec": "mpeg4", "options": {"g": "20"}},
    "b_frames.avi": {"codec": "mpeg4", "options": {"g": "20", "bf": "2"}},
    "h264.avi": {"options": B_FRAMES},
    "stream.ts": {"options": B_FRAMES},
    "flash.flv": {"options": B_FRAMES},
}
GO_ON = {
    "even.mkv",
    "vp8.webm",
    "even.mp4",
    "uneven.mp4",
    "plain.avi",
    "stream.ts",
}


@pytest.fixture(scope="module", params=CLIPS)
def clip(request, tmp_path_factory):
    return encode(
        tmp_path_factory.mktemp("whole") / request.param, n_frames=N, **CLIPS[request.param]
    )


def damaged(path, folder, change):
    content = bytearray(path.read_bytes())
    change(content)
    (folder / path.name).write_bytes(content)
    return folder / path.name


def cut_to(share):
    def change(content):
        del content[int(len(content) * share) :]

    return change


def zeros(start, end):
    def change(content):
        content[start:end] = bytes(end - start)

    return change


def noise(share, n_bytes):
    def change(content):
        start = int(len(content) * share)
        content[start : start + n_bytes] = np.random.default_rng(0).bytes(n_bytes)

    return change


def numbers_told(video):
    """Number that each image shows, None where there is none; the made up ones are left out."""
    shown: dict[int, int | None] = {}
    for index in range(video.n_frames):
        try:
            image = video.read(index)
        except FrameError:
            shown[index] = None
        else:
            if not video.is_concealed:
                shown[index] = number_in(image)
    return shown


@pytest.mark.parametrize("n_bytes", [400, 4000])
def test_frames_behind_damage_keep_their_numbers(clip, n_bytes, tmp_path):
    with VideoFile(damaged(clip, tmp_path, noise(0.4, n_bytes))) as video:
        shown = numbers_told(video)
        assert [number for number in shown.values() if number is not None]
        assert all(number in (index, None) for index, number in shown.items())
        assert video.n_frames == N or clip.suffix in (".mkv", ".flv")
        if clip.name in GO_ON:
            assert video.n_frames == N
            assert all(shown[index] == index for index in range(100, N))
        assert None in shown.values() or len(shown) < N


def test_what_only_the_container_knows_to_be_damaged_is_told(tmp_path):
    """A decoder makes wrong images of some noise without a word; a transport stream counts."""
    clip = encode(tmp_path / "whole.ts", n_frames=N, options=B_FRAMES)
    (tmp_path / "damaged").mkdir()
    for share in np.linspace(0.2, 0.9, 15):
        with VideoFile(damaged(clip, tmp_path / "damaged", noise(share, 400))) as video:
            shown = numbers_told(video)
        assert all(number in (index, None) for index, number in shown.items()), share
        assert None in shown.values() or len(shown) < N


def test_damage_reads_the_same_by_number(clip, tmp_path):
    path = damaged(clip, tmp_path, noise(0.4, 4000))
    with VideoFile(path) as video:
        shown = numbers_told(video)
    with VideoFile(path) as video:
        for index in np.random.default_rng(1).permutation(video.n_frames)[:12].tolist():
            if shown.get(index) is None:
                continue
            assert number_in(video.read(index)) == index


@pytest.mark.parametrize("name", ["even.mkv", "plain.avi"])
def test_what_is_cut_off_is_counted(name, tmp_path):
    whole = encode(tmp_path / name, n_frames=N, **CLIPS[name])
    (tmp_path / "cut").mkdir()
    cut = damaged(whole, tmp_path / "cut", cut_to(0.6))
    with VideoFile(cut) as video:
        shown = numbers_told(video)
    lost = [index for index, number in shown.items() if number is None]
    assert len(shown) == N
    assert lost == list(range(lost[0], N))
    assert [shown[index] for index in range(lost[0])] == list(range(lost[0]))


def test_an_uneven_recording_that_was_cut_off_is_told(tmp_path):
    whole = encode(tmp_path / "uneven.mkv", n_frames=N, **CLIPS["uneven.mkv"])
    (tmp_path / "cut").mkdir()
    cut = damaged(whole, tmp_path / "cut", cut_to(0.5))
    with VideoFile(cut) as video:
        assert any("is damaged or cut off behind frame" in note for note in video.notes)
        shown = numbers_told(video)
        assert all(number in (index, None) for index, number in shown.items())


def test_a_pause_of_the_recording_is_no_damage(tmp_path):
    """Frames are numbered in order there, as in SLEAP's own labels."""
    times = [round(index * 100 / 3) + 400 * (index >= 30) for index in range(60)]
    with VideoFile(encode(tmp_path / "pause.mkv", times_ms=times, options=B_FRAMES)) as video:
        assert numbers_told(video) == {index: index for index in range(60)}
        assert "12 frames were left out when it was recorded" in video.notes[0]


def test_the_frames_are_counted_where_the_header_is_wrong(tmp_path):
    path = encode(tmp_path / "clip.avi", codec="mpeg4", n_frames=20)
    content = path.read_bytes()
    for place, name in ((b"strh", 32), (b"avih", 16)):  # dwLength, dwTotalFrames
        at = content.index(place) + 8 + name
        assert content[at : at + 4] == (20).to_bytes(4, "little")
        content = content[:at] + (18).to_bytes(4, "little") + content[at + 4 :]
    path.write_bytes(content)
    with VideoFile(path) as video:
        assert numbers_told(video) == {index: index for index in range(20)}


def endless_avi(content):
    """No index, and 4 billion frames by its header."""
    del content[content.rfind(b"idx1") :]
    length = content.find(b"strh") + 8 + 32
    content[length : length + 4] = b"\x14\0\0\xff"


def endless_mkv(content):
    """Damaged in the middle, and 317 years long by its header."""
    noise(0.5, 400)(content)
    duration = content.find(b"\x44\x89\x88") + 3
    content[duration : duration + 8] = struct.pack(">d", 1e13)


@pytest.mark.parametrize(
    ("name", "change"), [("plain.avi", endless_avi), ("even.mkv", endless_mkv)]
)
def test_a_count_that_the_file_cannot_hold_is_not_believed(name, change, tmp_path):
    """Each would be a frame that cannot be read: hours for a file of a few kilobytes."""
    path = encode(tmp_path / name, n_frames=N, **CLIPS[name])
    with VideoFile(damaged(path, tmp_path, change)) as video:
        assert video.n_frames <= N
        assert any("header says" in note for note in video.notes)
        told = numbers_told(video)
    assert {index for index, shown in told.items() if shown not in (None, index)} == set()


def packet_places(path):
    """Where the packets of a video begin and end in its file."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        return [(packet.pos or 0, (packet.pos or 0) + packet.size) for packet in packets]


def test_frames_made_up_by_the_decoder_are_told(tmp_path):
    whole = encode(tmp_path / "clip.mp4", n_frames=N, options={"bf": "0", "g": "30"})
    start, end = packet_places(whole)[45]
    (tmp_path / "bad").mkdir()
    path = damaged(whole, tmp_path / "bad", zeros((start + end) // 2, end))
    with VideoFile(path) as video:
        concealed = []
        for index in range(N):
            assert number_in(video.read(index)) == index or video.is_concealed
            if video.is_concealed:
                concealed.append(index)
    assert concealed == list(range(45, 60))  # until the next key frame


def test_raw_streams_are_read_in_order_and_told(tmp_path):
    with VideoFile(encode(tmp_path / "clip.h264", options=B_FRAMES)) as video:
        assert numbers_told(video) == {index: index for index in range(60)}
        assert number_in(video.read(7)) == 7
        assert "no time stamps" in video.notes[0]


def test_a_video_of_which_nothing_is_left_is_refused(tmp_path):
    path = encode(tmp_path / "clip.mp4", options=B_FRAMES)
    (tmp_path / "bad").mkdir()
    ends = [end for _, end in packet_places(path)]
    with pytest.raises(DataError, match="none of its frames can be decoded"):
        VideoFile(damaged(path, tmp_path / "bad", zeros(48, max(ends))))
