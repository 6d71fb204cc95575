"""Frames by number, and the pixels that models were trained on."""

import av
import numpy as np
import pytest
from clips import HEIGHT, WIDTH, encode, number_in

from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.video import VideoFile, samples

UNEVEN = np.cumsum(np.random.default_rng(0).integers(20, 60, 60)).tolist()
B_FRAMES = {"bf": "3", "g": "20"}
CLIPS = {
    "b_frames.mp4": {"options": B_FRAMES},
    "open_gop.mp4": {"options": {**B_FRAMES, "x264-params": "open-gop=1"}},
    "uneven.mp4": {"times_ms": UNEVEN, "options": B_FRAMES},
    "uneven.mkv": {"times_ms": UNEVEN, "options": B_FRAMES},
    "even.mkv": {"options": B_FRAMES},
    "stream.ts": {"options": B_FRAMES},
    "even.avi": {"codec": "mpeg4"},
    "pictures.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
}


@pytest.mark.parametrize("name", CLIPS)
def test_a_frame_is_the_same_by_number_and_in_order(name, tmp_path):
    path = encode(tmp_path / name, **CLIPS[name])
    with VideoFile(path) as video:
        in_order = [video.read(index) for index in range(video.n_frames)]
    assert [number_in(frame) for frame in in_order] == list(range(60))
    with VideoFile(path) as video:
        for index in [*np.random.default_rng(1).permutation(60)[:25].tolist(), 59, 0, 1]:
            np.testing.assert_array_equal(video.read(index), in_order[index], err_msg=str(index))


def test_a_title_of_broken_text_stops_nothing(tmp_path):
    path = encode(tmp_path / "clip.mp4", n_frames=5)
    content = path.read_bytes()
    assert b"Lavf" in content  # the program that wrote it, a text beside the title
    path.write_bytes(content.replace(b"Lavf", b"\xff\xfe\xc0f"))
    with VideoFile(path) as video:
        assert video.n_frames == 5


def test_far_seeks_find_the_frame(tmp_path):
    path = encode(tmp_path / "long.mp4", n_frames=250, options={"bf": "3", "g": "40"})
    with VideoFile(path) as video:
        for index in (200, 20, 249, 100, 0, 180):
            assert number_in(video.read(index)) == index


@pytest.mark.parametrize("key_frames", [1, 7, 25])
def test_colours_are_looked_for_in_each_key_frame_once(key_frames, tmp_path, monkeypatch):
    options = {"g": str(key_frames), "keyint_min": str(key_frames), "sc_threshold": "0"}
    path = encode(tmp_path / "gray.mp4", n_frames=50, gray=True, options=options)
    seen = []
    monkeypatch.setattr(samples, "has_color", lambda frame, _: seen.append(frame.pts))
    with VideoFile(path):
        assert len(seen) == len(set(seen))
    assert len(seen) == min(17, -(-50 // key_frames))


def test_a_colour_tag_does_not_change_the_colours(tmp_path):
    """Decoders built on FFmpeg 8 obey the tag; those that models were trained with did not."""
    lossless = {"qp": "0"}  # what is lost may differ from one encoding to the next
    tagged = encode(tmp_path / "tagged.mp4", n_frames=5, colorspace=1, options=lossless)  # BT.709
    plain = encode(tmp_path / "plain.mp4", n_frames=5, options=lossless)
    with av.open(str(tagged)) as container:
        assert next(container.decode(video=0)).colorspace == 1
    with VideoFile(tagged) as first, VideoFile(plain) as second:
        for index in range(5):
            np.testing.assert_array_equal(first.read(index), second.read(index))


def test_a_colour_tag_is_obeyed_where_that_is_asked_for(tmp_path):
    """Red, green and blue of a file that says and was encoded by BT.709."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for channel in range(3):
        image[:, channel * 32 : channel * 32 + 32, channel] = 200
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        stream.codec_context.colorspace = 1  # BT.709
        frame = frame.reformat(format="yuv444p", dst_colorspace="ITU709")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with VideoFile(tmp_path / "clip.mkv", colors="tagged") as video:
        assert np.abs(video.read(0).astype(int) - image).max() <= 2
        assert video.decoder.endswith("colours by their tag")
    with VideoFile(tmp_path / "clip.mkv") as video:
        assert np.abs(video.read(0).astype(int) - image).max() > 20


@pytest.mark.parity
@pytest.mark.parametrize("name", ["small_robot", "centered_pair_small", "clip"])
def test_pixels_are_those_that_opencv_4_10_gave(name, shared_data):
    with np.load(shared_data / "golden/original/frames.npz") as stored:
        recorded = {key: stored[key] for key in stored if key.rsplit("_", 1)[0] == name}
    assert recorded
    with VideoFile(shared_data / f"videos/{name}.mp4") as video:
        for key, expected in recorded.items():
            index = int(key.rsplit("_", 1)[1])
            np.testing.assert_array_equal(video.read(index), expected, err_msg=key)


def test_gray_videos_have_one_channel_unless_told(tmp_path):
    gray = encode(tmp_path / "gray.mp4", n_frames=3, gray=True)
    with VideoFile(gray) as video:
        assert video.shape == (HEIGHT, WIDTH, 1)
        assert video.read(1).shape == (HEIGHT, WIDTH, 1)
    with VideoFile(gray, gray=False) as video:
        assert video.read(1).shape == (HEIGHT, WIDTH, 3)
    with VideoFile(encode(tmp_path / "colour.mp4", n_frames=3), gray=True) as video:
        assert video.read(2).shape == (HEIGHT, WIDTH, 1)


def test_turned_videos_are_shown_upright(tmp_path):
    turned = encode(tmp_path / "turned.mp4", n_frames=2, rotation=90)
    plain = encode(tmp_path / "plain.mp4", n_frames=2)
    with VideoFile(turned) as first, VideoFile(plain) as second:
        assert first.shape == (WIDTH, HEIGHT, 3)
        np.testing.assert_array_equal(first.read(1), np.rot90(second.read(1)))


def test_a_damaged_video_says_which_frame(tmp_path):
    path = encode(tmp_path / "cut.avi", codec="mjpeg", pixel_format="yuvj420p")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    expected = pytest.raises(DataError, match=r"frame \d+ of \d+ cannot be decoded")
    with VideoFile(path) as video, expected:
        for index in range(60):
            video.read(index)


def test_what_is_no_video_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        VideoFile(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(DataError, match="not a video that can be read"):
        VideoFile(tmp_path / "text.mp4")
    short = encode(tmp_path / "short.mp4", n_frames=3)
    expected = pytest.raises(DataError, match="no frame 3; the video has 3 frames")
    with VideoFile(short) as video, expected:
        video.read(3)
