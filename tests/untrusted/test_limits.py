"""What a small file asks for is refused before it is taken: YAML, JSON, zips, pickles, arrays."""

import io
import json
import pickle
import struct
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest

from sleap_rt.untrusted import listed, quoted
from sleap_rt.untrusted.archives import BoundedArchive, leads_outside
from sleap_rt.untrusted.arrays import read_npy
from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.json_text import parse_json
from sleap_rt.untrusted.pickles import check_pickle
from sleap_rt.untrusted.yaml_text import parse_yaml

MB = 1 << 20


@contextmanager
def within(n_bytes):
    """What is inside takes no more memory of Python's than this."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < n_bytes
    finally:
        tracemalloc.stop()


def bomb(levels=10, width=10):
    """Each level repeats the one before it: `width ** levels` values in a few hundred bytes."""
    lines = ["a0: &a0 [lol]"]
    for n in range(1, levels + 1):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]")
    return "\n".join(lines)


def merged(levels=10, width=10):
    lines = ["a0: &a0 {k: v}"]
    for n in range(1, levels + 1):
        lines.append(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * width)}]}}")
    return "\n".join(lines)


YAML = {
    "aliases of aliases": (bomb(), "aliases repeat"),
    "merged aliases": (merged(), "aliases repeat"),
    "a long text, many times": (f"a: &a {'x' * 9000}\nb: [{', '.join(['*a'] * 9000)}]", "repeat"),
    "an alias inside its anchor": ("a: &a [*a]", "inside its own anchor"),
    "3,000 levels": ("[" * 3000 + "]" * 3000, "nest"),
    "3,000 levels of blocks": ("- " * 3000 + "x", "nest"),
    "a number of 10,000 digits": (f"a: {'1' * 9999}", "digits"),
    "a number of 100,000 digits": (f"a: {'1' * 100_000}", "100,000 characters"),
    "a number to the base of 60": (f"a: {'1:' * 100_000}1", "characters"),
    "no month 13": ("a: 2026-13-45", "month"),
    "no whole number": ("a: !!int ''", "string index out of range"),
    "no truth": ("a: !!bool maybe", "maybe"),
    "no time": ("a: !!timestamp soon", "groupdict"),
    "a Python object": ("a: !!python/object/apply:os.system [echo]", "could not determine"),
    "a list as a key": ("? [a]\n: b", "unhashable"),
    "3 MB": ("a: " + "x" * 3 * MB, "3,145,731 bytes"),
    "no text": (b"\xff\xfe\x00\xd8\x00\xd8", "surrogate"),
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_that_costs_too_much_is_refused(name):
    text, words = YAML[name]
    with within(60 * MB), pytest.raises(ValueError, match=words) as refused:
        parse_yaml(text if isinstance(text, bytes) else text.encode())
    assert len(str(refused.value)) < 500


def test_yaml_as_people_write_it_is_read():
    text = "base: &b {a: 1, c: [1.5, x]}\nmore: {<<: *b, d: 0x10}\nagain: *b"
    base = {"a": 1, "c": [1.5, "x"]}
    assert parse_yaml(text.encode()) == {"base": base, "more": {**base, "d": 16}, "again": base}


def test_yaml_of_many_keys_is_read_by_the_loader_in_c():
    text = "\n".join(f"key{n}: {n}" for n in range(60_000))
    assert len(parse_yaml(text.encode())) == 60_000


JSON = {
    "100,000 levels": ("[" * 100_000 + "]" * 100_000, "nested too deep"),
    "101 levels": ('{"a":' * 101 + "1" + "}" * 101, "nested deeper than 100"),
    "10,000 digits": ("1" * 10_000, "digits"),
    "no JSON": ("{", "Expecting"),
    "too long": ('"' + "x" * 17 * MB + '"', "17,825,794 characters"),
}


@pytest.mark.parametrize("name", JSON)
def test_json_that_costs_too_much_is_refused(name):
    text, words = JSON[name]
    with within(60 * MB), pytest.raises(ValueError, match=words):
        parse_json(text)


def test_json_of_ninety_levels_is_read():
    text = "[" * 90 + "]" * 90
    assert parse_json(text) == json.loads(text)


@pytest.mark.parametrize(
    "value",
    ["x" * MB, [["y" * 100] * 100] * 100, {n: n for n in range(9999)}, 1 << 100_000, b"z" * MB],
    ids=["text", "lists", "mapping", "number", "bytes"],
)
def test_messages_quote_values_shortened(value):
    assert 0 < len(quoted(value)) <= 80
    assert len(listed([value if isinstance(value, str) else str(type(value))] * 999)) < 1000


def test_short_values_are_quoted_as_they_are():
    for value in (None, 1.5, "name", [1, 2, None, 3], {"a": [1]}, -12):
        assert quoted(value) == repr(value)
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == "none"


def zipped(method=zipfile.ZIP_DEFLATED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def test_a_zip_unpacks_to_what_its_size_allows():
    buffer = zipped(bomb=bytes(80 * MB), small=b"small")
    with zipfile.ZipFile(buffer) as opened, within(10 * MB):
        archive = BoundedArchive(opened, Budget(len(buffer.getbuffer())))
        with pytest.raises(ValueError, match="'bomb' would unpack to 83,886,080 bytes"):
            archive.read("bomb")
    with zipfile.ZipFile(zipped(small=b"small")) as opened:
        archive = BoundedArchive(opened, Budget(100))
        assert archive.read("small", most=5) == b"small"
        with pytest.raises(ValueError, match="at most 4 are read"):
            archive.read("small", most=4)


def test_members_share_what_a_zip_may_unpack_to():
    buffer = zipped(bomb=bytes(40 * MB))
    with zipfile.ZipFile(buffer) as opened:
        archive = BoundedArchive(opened, Budget(1000))
        archive.read("bomb")
        with pytest.raises(ValueError, match="would unpack"):
            archive.read("bomb")


def test_a_zip_that_lies_about_a_size_is_not_read_further():
    content = bytearray(zipped(a=bytes(MB)).getvalue())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 10)
    with zipfile.ZipFile(io.BytesIO(content)) as opened, pytest.raises(zipfile.BadZipFile):
        BoundedArchive(opened, Budget(10)).read("a")


def test_rare_compressions_are_refused():
    with zipfile.ZipFile(zipped(zipfile.ZIP_LZMA, a=b"a")) as opened:
        archive = BoundedArchive(opened, Budget(10))
        with pytest.raises(ValueError, match="compressed by method 14"):
            archive.read("a")


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "..\\a", "a/.."])
def test_names_that_lead_out_of_a_folder(name):
    assert leads_outside(name)
    assert not leads_outside("model/best_model..h5")


PICKLES = {
    "2^62 bytes": (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"x.", "expected"),
    "a place far off": (b"\x80\x02Nr\xff\xff\xff\x7f.", "place in a table"),
    "a place far off, as text": (b"Np99999999\n.", "place in a table"),
    "a million steps": (b"\x80\x02" + b"N0" * 600_000 + b"N.", "steps"),
    "tuples in tuples": (b"\x80\x02)" + b"\x85" * 100_000 + b".", "tuples"),
    "a number of 10,000 digits": (b"I" + b"1" * 10_000 + b"\n.", "digits"),
    "cut": (b"\x80\x02]", "exhausted"),
    "33 MB": (bytes(33 * MB), "at most"),
}


@pytest.mark.parametrize("name", PICKLES)
def test_pickles_that_cost_too_much_are_refused_unread(name):
    data, words = PICKLES[name]
    with pytest.raises(ValueError, match=words):
        check_pickle(data)


def test_pickles_of_plain_values_pass():
    value = {"a": [(1, 2.5)] * 100, "b": np.arange(1000), "c": {"d": "e"}}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        check_pickle(pickle.dumps(value, protocol))


def npy(shape, dtype="<f4", content=b""):
    buffer = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + content


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (npy((1 << 40,)), "claims an array"),
        (npy((1 << 62, 1 << 62)), "claims an array"),
        (npy((3,), content=b"12345678"), "claims|read"),
        (npy((3,), "|O"), "objects"),
        (b"", "readable"),
        (npy((3,))[:40], "readable"),
        (npy((1,)).replace(b"(1,)", b"((((" + b"(" * 20), "readable"),
    ],
)
def test_arrays_are_numbers_that_are_there(data, words):
    with within(10 * MB), pytest.raises(ValueError, match=words):
        read_npy(data)


def test_arrays_are_read():
    for array in (np.arange(6.0).reshape(2, 3), np.float32(1.5), np.zeros((0, 4), np.uint8)):
        buffer = io.BytesIO()
        np.save(buffer, array)
        np.testing.assert_array_equal(read_npy(buffer.getvalue()), array)
