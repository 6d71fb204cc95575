"""Colours, depths, names and streams of video files."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition
from clips import HEIGHT, WIDTH, encode, number_in, picture

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.frames.video.pixels import to_gray

GRAY = np.repeat(picture(3)[..., :1], 3, axis=2)


def write(path, images, codec="ffv1", pixel_format="bgr0", source="rgb24", **options):
    """A video of given images; FFV1 loses nothing."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixel_format
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format=source)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("first", [np.zeros_like(GRAY), np.full_like(GRAY, 255), GRAY])
def test_a_first_frame_without_colour_proves_nothing(first, tmp_path):
    images = [first, *(picture(number) for number in range(1, 9))]
    with VideoFile(write(tmp_path / "clip.mkv", images, g="1")) as video:
        assert video.shape == (HEIGHT, WIDTH, 3)
        for number, image in enumerate(images):
            np.testing.assert_array_equal(video.read(number), image)


def test_a_frame_with_colours_in_a_gray_video_keeps_them(tmp_path):
    images = [GRAY] * 40
    images[7] = picture(7)
    with VideoFile(write(tmp_path / "clip.mkv", images, g="40")) as video:
        assert video.shape == (HEIGHT, WIDTH, 1)
        np.testing.assert_array_equal(video.read(6), GRAY[..., :1])
        np.testing.assert_array_equal(video.read(7), picture(7))
    with VideoFile(tmp_path / "clip.mkv", gray=True) as video:
        np.testing.assert_array_equal(video.read(7), picture(7)[..., :1])


@pytest.mark.parametrize("size", [(64, 96), (63, 95), (38, 50), (17, 201), (9, 9)])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv444p", "yuv411p", "gray"])
def test_brightness_alone_gives_what_converting_colours_gave(pixel_format, size):
    """The red channel of RGB by BT.601, which gray videos were read as so far."""
    frame = av.VideoFrame(size[1], size[0], pixel_format)
    for number, plane in enumerate(frame.planes):
        rows = np.full((plane.height, plane.line_size), 128, np.uint8)
        if number == 0:
            rows[:] = np.random.default_rng(0).integers(0, 256, rows.shape)
        plane.update(rows.tobytes())
    converted = frame.reformat(format="rgb24", src_colorspace="ITU601", dst_colorspace="ITU601")
    gray = to_gray(frame, "bt601", strictly=True)
    np.testing.assert_array_equal(gray, converted.to_ndarray()[..., :1])


def test_deep_gray_is_refused_with_its_range(tmp_path):
    deep = picture(1)[..., 0].astype(np.uint16) << 4
    path = write(tmp_path / "deep.mkv", [deep], pixel_format="gray16le", source="gray16le")
    with pytest.raises(
        DataError, match=r"16-bit gray \(gray16le; the first has values 0 to 4080\)"
    ):
        VideoFile(path)


@pytest.mark.parametrize(
    ("deep", "shallow"), [("yuv420p10le", "yuv420p"), ("yuv444p10le", "yuv444p")]
)
def test_deep_colours_equal_their_8_bit_copy(deep, shallow, tmp_path):
    def waves(name, pixel_format, n_bytes, shift):
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        frame = av.VideoFrame(WIDTH, HEIGHT, pixel_format)
        for number, plane in enumerate(frame.planes):
            values = 40 + (x * (number + 1) + y * 2) % 150  # the same in both depths
            rows = np.zeros((plane.height, plane.line_size // n_bytes), f"<u{n_bytes}")
            rows[:, : plane.width] = values[: plane.height, : plane.width] << shift
            plane.update(rows.tobytes())
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream("ffv1", rate=30)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return tmp_path / name

    with (
        VideoFile(waves("a.mkv", shallow, 1, 0)) as first,
        VideoFile(waves("b.mkv", deep, 2, 2)) as second,
    ):
        assert first.shape == second.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(first.read(0).astype(int) - second.read(0)).max() <= 1


@pytest.mark.parametrize(
    "name", ["2026-11-28T10:00:00.mp4", "file:a.mp4", "pipe:0.mp4", "a%03d.mp4"]
)
def test_names_that_look_like_addresses_are_files(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    encode(tmp_path / "clip.mp4", n_frames=3).rename(tmp_path / name)
    with open_input(name, SelectionOptions()) as opened:
        assert number_in(opened.source.read(opened.selection.refs[2])) == 2


@pytest.mark.parametrize("text", ["ffconcat version 1.0\nfile clip.mp4\n", "#EXTM3U\nclip.ts\n"])
def test_a_file_that_names_others_is_refused(text, tmp_path):
    encode(tmp_path / "clip.mp4", n_frames=3)
    for name in ("list.mp4", "list.avi"):
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError, match="is a playlist that names other files"):
            VideoFile(tmp_path / name)


@pytest.mark.parametrize(
    "address", ["https://host/clip.mp4", "rtsp://camera/1", "s3://bucket/a.avi"]
)
def test_addresses_are_told_from_files(address):
    with pytest.raises(OptionError, match="is an address, and sleap-rt reads files"):
        open_input(address, SelectionOptions())


@pytest.mark.parametrize("camera", ["0", "/dev/video9"])
def test_who_names_a_camera_is_told_of_live(camera, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"does not exist\. Cameras are watched by `sleap-rt live`"):
        open_input(camera, SelectionOptions())


def with_cover(path, n_frames):
    """A video whose first stream is a cover picture."""
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = int(Disposition.attached_pic)  # type: ignore[assignment]
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        black = np.zeros((32, 32, 3), np.uint8)
        container.mux(cover.encode(av.VideoFrame.from_ndarray(black, format="rgb24")))
        container.mux(cover.encode())
        for number in range(n_frames):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_cover_picture_is_no_video(tmp_path):
    with VideoFile(with_cover(tmp_path / "clip.mp4", 4)) as video:
        assert [number_in(video.read(number)) for number in range(video.n_frames)] == [0, 1, 2, 3]
        assert not video.notes
    with pytest.raises(DataError, match="only a cover picture"):
        VideoFile(with_cover(tmp_path / "cover.mp4", 0))


def test_the_choice_among_several_videos_is_told(tmp_path):
    with av.open(str(tmp_path / "two.mkv"), "w") as container:
        streams = [container.add_stream("mpeg4", rate=30) for _ in range(2)]
        for stream in streams:
            stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        for number in range(3):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 30)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    with VideoFile(tmp_path / "two.mkv") as video:
        assert number_in(video.read(2)) == 2
        assert "it holds 2 videos; number 0 of them is taken" in video.notes[0]
