import numpy as np
import pytest

from sleap_rt.tracking.breaks import BreakConnector


def connect(words: str) -> str:
    connector = BreakConnector()
    renamed = [
        connector.connect(np.array([ord(letter) for letter in word.strip("-")], np.int64))
        for word in words.split()
    ]
    return " ".join("".join(chr(track) for track in ids) or "-" for ids in renamed)


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        ("AB AC AC AB", "AB AB AB AB"),
        ("AB A AC AC", "AB A AB AB"),
        ("AB CD", "AB CD"),
        ("AB AC ACB AC", "AB AB ACB AB"),
        ("- AB AC -", "- AB AB -"),
        ("AB BC CD", "AB BA AB"),  # C became A, and D takes the place of B
    ],
)
def test_single_breaks_are_connected(tracks, expected):
    assert connect(tracks) == expected


def test_instances_without_a_track_are_no_members():
    connector = BreakConnector()
    connector.connect(np.array([0, 1]))
    assert connector.connect(np.array([0, -1, 2])).tolist() == [0, -1, 1]
