"""What HDF5 would reserve, follow or never finish is refused before it reads the file."""

import zlib

import h5py
import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.labels import load_labels
from sleap_rt.labels.reading import check_datasets
from sleap_rt.runtime.frames.hdf5_video import check_hdf5_video
from sleap_rt.untrusted.hdf5 import check_texts, open_checked
from sleap_rt.untrusted.hdf5.content import Content
from sleap_rt.untrusted.hdf5.stored_attributes import StoredAttributes


def check(path, **given):
    with open_checked(path, **given):
        pass


def texts(path):
    """A file of which HDF5 keeps a text in a heap; its content, and where its free space begins."""
    with h5py.File(path, "w") as file:
        file.attrs["text"] = "a text of any length"
    content = bytearray(path.read_bytes())
    start = content.index(b"GCOL") + 16
    return content, start + 16 + 24


def test_a_heap_that_hdf5_never_gets_past_is_refused(tmp_path):
    content, free = texts(tmp_path / "a.h5")
    assert content[free : free + 2] == b"\0\0"
    check(tmp_path / "a.h5")
    content[free + 8 : free + 16] = bytes(8)
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(ValueError, match="heap of its texts is damaged"):
        check(tmp_path / "a.h5")


def test_a_heap_larger_than_its_file_is_refused(tmp_path):
    """HDF5 reserves memory for it."""
    content, _ = texts(tmp_path / "a.h5")
    start = content.index(b"GCOL")
    content[start + 8 : start + 16] = (1 << 31).to_bytes(8, "little")
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(ValueError, match="larger than the file"):
        check(tmp_path / "a.h5")


def test_heaps_that_lie_in_each_other_are_refused(tmp_path):
    """Looking at each of them would take as long as the file is, squared."""
    content, _ = texts(tmp_path / "a.h5")
    n_heaps, n_texts = 2000, 2000
    end = 32 * n_heaps + 16 * n_texts

    def heap(number):
        """It leads to the texts that all of them share."""
        size, skipped = end - 32 * number, 32 * (n_heaps - number) - 32
        return b"GCOL\x01\0\0\0" + size.to_bytes(8, "little") + text(skipped)

    def text(size):
        return (1).to_bytes(8, "little") + size.to_bytes(8, "little")

    made = b"".join(map(heap, range(n_heaps))) + text(0) * n_texts
    (tmp_path / "a.h5").write_bytes(bytes(content) + made)
    with pytest.raises(ValueError, match="heap of its texts is damaged"):
        check(tmp_path / "a.h5")


def test_a_file_that_names_a_driver_is_refused_unopened(tmp_path):
    """HDF5 reserves the size that a block says which the start of a file refers to."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", userblock_size=1024) as file:
        file["a"] = np.arange(4)
    check(path)
    content = bytearray(path.read_bytes())
    assert content[1024 + 48 : 1024 + 56] == b"\xff" * 8
    content[1024 + 48 : 1024 + 56] = (96).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(ValueError, match="split over others"):
        check(path)
    with pytest.raises(DataError, match="split over others"):
        load_labels(path)
    for size in (0, 1, 8, 12, 14, 1024, 1032, 1040):
        path.write_bytes(content[:size])
        with pytest.raises(DataError, match="cannot be read"):
            load_labels(path)


LONG = "a text that is longer than the others"
MB = 1 << 20
VERSIONS = ["earliest", "v108", "latest"]


def with_attributes(path, n, version, userblock=0):
    """A video whose objects have so many attributes with texts, and some others."""
    with h5py.File(path, "w", libver=version, userblock_size=userblock) as file:
        file.create_group("group")["data"] = np.zeros((2, 8, 8, 1), np.uint8)
        for item in (file, file["group"], file["group/data"]):
            for number in range(n):
                item.attrs[f"text{number}"] = "x" * number
            item.attrs["list"] = ["one", "two"]
            item.attrs["number"] = 3.5
            item.attrs["object"] = file.ref
            item.attrs["nothing"] = h5py.Empty(h5py.string_dtype())
        file["group/data"].attrs["long"] = LONG


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("n", [0, 2, 30])
@pytest.mark.parametrize("userblock", [0, 512])
def test_attributes_of_videos_as_programs_write_them_pass(version, n, userblock, tmp_path):
    path = tmp_path / "a.h5"
    with_attributes(path, n, version, userblock)
    check_hdf5_video(path, None)


@pytest.mark.parametrize("version", VERSIONS)
def test_texts_of_attributes_are_found_where_they_are_stored(version, tmp_path):
    path = tmp_path / "a.h5"
    with_attributes(path, 2, version, userblock=512)
    with open_checked(path) as (file, content):
        for item in (file, file["group"], file["group/data"]):
            place = dict(StoredAttributes(content).in_header(h5py.h5o.get_info(item.id).addr))
            assert set(place) == {name.encode() for name in item.attrs}
            for number in range(2):
                assert content.number(place[b"text%d" % number], 4) == number
            heap = content.number(place[b"list"] + 4, 8) + content.base
            assert content.data[heap : heap + 4] == b"GCOL"


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_texts_of_attributes_outside_of_headers_are_found(version, tmp_path):
    path = tmp_path / "a.h5"
    with_attributes(path, 30, version)
    with open_checked(path) as (file, content):
        stored = StoredAttributes(content)
        assert not list(stored.in_header(h5py.h5o.get_info(file.id).addr))
        for number in range(30):
            places = list(stored.anywhere(b"text%d" % number))
            assert len(places) == 3  # one for each object
            assert {content.number(place, 4) for place in places} == {number}


@pytest.mark.parametrize("n", [2, 30])
@pytest.mark.parametrize("most_searched", [None, 0])
def test_attributes_that_claim_more_than_the_file_are_refused(n, most_searched, tmp_path):
    path = tmp_path / "a.h5"
    with_attributes(path, n, "earliest")  # later versions have checksums
    content = bytearray(path.read_bytes())
    start = content.index(
        len(LONG).to_bytes(4, "little") + content.index(b"GCOL").to_bytes(8, "little")
    )
    content[start : start + 4] = (1 << 31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ValueError, match="the attribute 'long' claim 2,147,483,648 bytes"):
        check(path, most_searched=most_searched)
    for read in (lambda: check_hdf5_video(path, None), lambda: load_labels(path)):
        with pytest.raises(DataError, match="the attribute 'long' claim 2,147,483,648 bytes"):
            read()


def test_damaged_heaps_of_attributes_are_seen_in_files_too_large_to_be_searched(tmp_path):
    content, free = texts(tmp_path / "a.h5")
    content[free + 8 : free + 16] = bytes(8)
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(ValueError, match="heap of its texts is damaged"):
        check(tmp_path / "a.h5", most_searched=0)


def test_attributes_without_an_end_are_refused(tmp_path):
    """A header that goes on at its own beginning."""
    path = tmp_path / "a.h5"
    with_attributes(path, 30, "earliest")
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        start = h5py.h5o.get_info(file.id).addr
    message = content.index((0x10).to_bytes(2, "little") + (16).to_bytes(2, "little"), start)
    content[message + 8 : message + 16] = (start + 16).to_bytes(8, "little")
    made = Content(bytes(content), 0, 8, 8)
    with pytest.raises(ValueError, match="header of an object is damaged"):
        list(StoredAttributes(made).in_header(start))


STORED = {
    "in parts": {"chunks": (2,)},
    "at once": {},
    "packed": {"chunks": (2,), "compression": "gzip"},
}


@pytest.mark.parametrize("how", STORED)
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (h5py.string_dtype(), ["one", "three"]),
        (h5py.vlen_dtype(np.int16), [np.arange(3), np.arange(5)]),
    ],
    ids=["texts", "numbers"],
)
def test_lists_longer_than_their_file_are_refused(how, kind, values, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        made = file.create_dataset("a", (2,), dtype=kind, **STORED[how])
        for number, value in enumerate(values):
            made[number] = value
    with open_checked(path) as (file, content):
        check_texts(file["a"], content)
        check_datasets(path)
        if how == "packed":
            (place,) = {file["a"].id.get_chunk_info(0).chunk_offset}
            plain = zlib.decompress(file["a"].id.read_direct_chunk(place)[1])
        else:
            first = file["a"].id.get_offset() or file["a"].id.get_chunk_info(0).byte_offset
            plain = content.data[first : first + 32]
    assert int.from_bytes(plain[16:20], "little") == 5
    claims = plain[:16] + (1 << 31).to_bytes(4, "little") + plain[20:]
    if how == "packed":
        with h5py.File(path, "a") as file:
            file["a"].id.write_direct_chunk(place, zlib.compress(claims))
    else:
        path.write_bytes(path.read_bytes().replace(plain, claims))
    size = kind.metadata["vlen"]().itemsize if kind.metadata["vlen"] is not str else 1
    with pytest.raises(ValueError, match=f"claim {((1 << 31) + 3) * size:,} bytes"):
        check_datasets(path)


def test_texts_stored_in_rare_ways_are_refused(tmp_path):
    path = tmp_path / "a.h5"
    text = h5py.string_dtype()
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=["a", "b"], dtype=text, chunks=(2,), shuffle=True)
    with pytest.raises(ValueError, match="texts behind a filter"):
        check_datasets(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (2,), dtype=np.dtype([("name", text), ("size", int)]))[0] = (
            "a",
            1,
        )
    with pytest.raises(ValueError, match="texts within records"):
        check_datasets(path)
    with h5py.File(path, "w") as file:
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_layout(h5py.h5d.COMPACT)
        kind = h5py.h5t.py_create(text, logical=True)
        h5py.h5d.create(file.id, b"a", kind, h5py.h5s.create_simple((2,)), layout)
        file["a"][:] = ["a", "b"]
    with pytest.raises(ValueError, match="texts in its header"):
        check_datasets(path)


def packed(path, filters, content):
    """A dataset of 1,000 bytes by its description, and what it holds."""
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_chunk((1000,))
    for number, options in filters:
        layout.set_filter(number, 0, options)
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple((1000,))
        made = h5py.h5d.create(file.id, b"data", h5py.h5t.NATIVE_UINT8, space, layout)
        made.write_direct_chunk((0,), content)


def test_a_part_that_unpacks_to_more_than_its_size_is_refused(tmp_path):
    path, packer = tmp_path / "a.h5", zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(MB)) for _ in range(600)) + packer.flush()
    gzip = (h5py.h5z.FILTER_DEFLATE, (9,))
    packed(path, [gzip], zlib.compress(bytes(1000)))
    check_datasets(path)
    packed(path, [gzip], bomb)
    with pytest.raises(ValueError, match="unpack to more than its 1,000 bytes"):
        check_datasets(path)
    packed(path, [gzip, gzip], zlib.compress(bomb))
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match="packed twice"):
        check_datasets(path)


def test_filters_whose_options_are_believed_are_refused(tmp_path):
    path = tmp_path / "a.h5"
    for options in ({"scaleoffset": 0}, {"compression": "lzf"}):
        with h5py.File(path, "w") as file:
            file.create_dataset("data", data=np.zeros((2, 8, 8, 1), int), chunks=True, **options)
        with pytest.raises(ValueError, match="filter that SLEAP does not use"):
            check_datasets(path)
        if "scaleoffset" in options:
            with pytest.raises(DataError, match="filter that is not read"):
                check_hdf5_video(path, None)
        else:  # recordings are packed by many programs
            check_hdf5_video(path, None)
