"""Image files as frames: order, channels, and what their headers say before anything is decoded."""

import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from clips import picture, png_that_asks_for
from PIL import Image

from sleap_rt.errors import DataError, FrameError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.open_input import open_input


def frames_of(data):
    with open_input(data, SelectionOptions()) as opened:
        return [opened.source.read(ref) for ref in opened.selection.refs]


def save(path, image):
    Image.fromarray(image).save(path)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tif"])
def test_pixels_are_those_that_opencv_reads(suffix, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (61, 97, 3)).astype(np.uint8)
    smooth = cv2.GaussianBlur(noise, (5, 5), 2)
    path = tmp_path / f"image{suffix}"
    for image in (smooth, smooth[..., 0]):
        assert cv2.imwrite(str(path), image)
        read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        expected = read[..., None] if read.ndim == 2 else read[..., ::-1]
        np.testing.assert_array_equal(frames_of(path), [expected])


def test_images_come_in_the_order_of_their_numbers(tmp_path):
    for number in (0, 1, 2, 10, 11):
        save(tmp_path / f"frame{number}.png", picture(number))
    (tmp_path / "._frame1.png").write_bytes(b"what a Mac leaves on a disk")
    expected = [picture(number) for number in (0, 1, 2, 10, 11)]
    np.testing.assert_array_equal(frames_of(tmp_path), expected)
    with open_input(tmp_path, SelectionOptions()) as opened:
        assert (
            "in the order of their numbers: frame0.png, frame1.png, frame2.png" in opened.notes[0]
        )
    for path in tmp_path.glob("frame1?.png"):
        path.unlink()
    with open_input(tmp_path, SelectionOptions()) as opened:
        assert not opened.notes  # the same order as by text


def test_an_opaque_alpha_channel_is_dropped(tmp_path):
    color, opaque = picture(3), np.full((64, 96), 255, np.uint8)
    save(tmp_path / "a.png", np.dstack([color, opaque]))
    np.testing.assert_array_equal(frames_of(tmp_path / "a.png"), [color])
    save(tmp_path / "b.png", np.dstack([color[..., 0], opaque]))
    np.testing.assert_array_equal(frames_of(tmp_path / "b.png"), [color[..., :1]])
    opaque[5, 5] = 0
    save(tmp_path / "c.png", np.dstack([color, opaque]))
    with pytest.raises(DataError, match=r"c\.png: the image has transparent parts"):
        frames_of(tmp_path / "c.png")


def test_palettes_and_single_bits_are_images_too(tmp_path):
    Image.fromarray(picture(3)).quantize(16).save(tmp_path / "a.png")
    expected = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    np.testing.assert_array_equal(frames_of(tmp_path / "a.png"), [expected])
    bits = picture(3)[..., 0] > 60
    Image.fromarray(bits).save(tmp_path / "b.png")
    np.testing.assert_array_equal(frames_of(tmp_path / "b.png"), [bits[..., None] * np.uint8(255)])


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (picture(0)[..., 0].astype(np.uint16) * 256, "is uint16, but models take 8-bit"),
        (picture(0).astype(np.uint16) * 256, "is uint16, but models take 8-bit"),
    ],
)
def test_one_odd_image_among_many_is_named_before_any_is_read(odd, words, tmp_path):
    for number in range(5):
        save(tmp_path / f"{number}.png", picture(number))
    assert cv2.imwrite(str(tmp_path / "3.png"), odd)
    with pytest.raises(DataError, match=rf"3\.png: the image {words}"):
        open_input(tmp_path, SelectionOptions())


def test_a_first_image_without_colour_proves_nothing(tmp_path):
    for number in range(5):
        save(
            tmp_path / f"{number}.png",
            picture(number) if number else np.zeros((64, 96, 3), np.uint8),
        )
    frames = frames_of(tmp_path)
    assert all(frame.shape == (64, 96, 3) for frame in frames)
    np.testing.assert_array_equal(frames[2], picture(2))


def test_a_damaged_image_is_one_lost_frame(tmp_path):
    for number in range(3):
        save(tmp_path / f"{number}.png", picture(number))
    whole = (tmp_path / "1.png").read_bytes()
    for content in (b"", b"no image", whole[:200], whole[:-20]):
        (tmp_path / "1.png").write_bytes(content)
        with open_input(tmp_path, SelectionOptions()) as opened:
            read = opened.source.read
            first, second, third = opened.selection.refs
            np.testing.assert_array_equal(read(first), picture(0))
            np.testing.assert_array_equal(read(third), picture(2))
            with pytest.raises(FrameError, match=r"1\.png: frame 1 cannot be read"):
                read(second)


def test_a_png_gets_no_more_memory_than_it_has_bytes(tmp_path):
    (tmp_path / "a.png").write_bytes(png_that_asks_for(2**32 - 1))
    with pytest.raises(DataError, match="none of the images can be read"):
        frames_of(tmp_path / "a.png")


def test_sizes_beyond_reason_are_refused(tmp_path):
    header = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    content = bytearray(png_that_asks_for(1000))
    content[12:33] = header + struct.pack(">I", zlib.crc32(header))
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError):
        frames_of(tmp_path / "a.png")


@pytest.mark.parametrize("target", [8, 10**6])
def test_pages_of_a_tiff_that_never_end_are_refused(target, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.array([picture(0), picture(1)])[..., 0], photometric="minisblack")
    with tifffile.TiffFile(path) as file:
        second = file.pages[1].offset
        place = second + 2 + 12 * len(file.pages[1].tags)
        first = file.pages[0].offset
    content = bytearray(path.read_bytes())
    content[place : place + 4] = struct.pack("<I", first if target == 8 else target)
    path.write_bytes(content)
    with pytest.raises(DataError, match="pages run in a circle, or out of the file"):
        frames_of(path)


def test_a_tiff_without_pages_is_refused(tmp_path):
    """Other readers look for its pages again and again."""
    content = struct.pack("<2sHI", b"II", 42, 0) + bytes(1000)
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(DataError, match="it has no pages"):
        frames_of(tmp_path / "a.tif")
