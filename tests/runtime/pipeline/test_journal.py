"""What a journal gives back after everything that can happen to it on a disk."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from random import Random

import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.pipeline import journal as journal_module
from sleap_rt.runtime.pipeline.journal import Journal, JournalError, begun_run, check_journal
from sleap_rt.runtime.pipeline.locked_file import check_not_locked

RUN = {"models": "abc", "filters": {"filter_overlapping": False}, "frames": "0: range(0, 12)"}
N_BATCHES, BATCH_SIZE = 6, 2


def frame(index):
    """A frame of 0, 1 or 2 animals with numbers that tell it apart."""
    n = index % 3
    values = np.random.default_rng(index).random((n, 5, 2), np.float32)
    return FrameInstances.untracked(
        frame_index=index,
        video_index=index % 2,
        points=values,
        point_scores=values[..., 0],
        scores=values[:, 0, 1],
    )


BATCHES = [[frame(2 * i), frame(2 * i + 1)] for i in range(N_BATCHES)]


def words(batches):
    """Batches as text that is equal if all of their values are."""
    return [
        [
            (one.video_index, one.frame_index, one.points.tobytes(), one.scores.tobytes())
            for one in batch
        ]
        for batch in batches
    ]


@pytest.fixture
def path(tmp_path):
    """A journal of all batches that nobody writes any more."""
    path = tmp_path / "out.slp.journal"
    with Journal(path, pytest.fail) as journal:
        journal.begin(RUN, resume=None)
        for batch in BATCHES:
            journal.append(batch)
        assert words(journal.batches()) == words(BATCHES)
    return path


def resumed(path, run=RUN):
    """(batches that are given back, what the user is told)."""
    told = []
    with Journal(path, told.append) as journal:
        journal.begin(run, resume=True)
        return list(journal.batches()), told


def starts(path):
    """Positions of the records, and of the end."""
    data = path.read_bytes()
    found = [i for i in range(len(data)) if data.startswith(b"\xf7RT\x03", i)]
    assert len(found) == N_BATCHES
    return [*found, len(data)]


def test_a_whole_journal_is_given_back_without_a_word(path):
    batches, told = resumed(path)
    assert words(batches) == words(BATCHES)
    assert told == []


@pytest.mark.parametrize("n_zeros", [1, 20, 24, 4096])
def test_zeros_behind_the_last_record_are_cut_off(path, n_zeros):
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(n_zeros))
    batches, (told,) = resumed(path)
    assert words(batches) == words(BATCHES)
    assert "its first 12 frames are kept, an unfinished batch is cut off" in told
    assert path.read_bytes() == whole


def test_records_that_became_zeros_are_cut_off(path):
    data, at = path.read_bytes(), starts(path)
    path.write_bytes(data[: at[4]] + bytes(len(data) - at[4]))
    batches, told = resumed(path)
    assert words(batches) == words(BATCHES[:4])
    assert len(told) == 1


def test_a_record_cut_anywhere_is_cut_off(path):
    data, at = path.read_bytes(), starts(path)
    for end in range(at[5] + 1, at[6]):
        path.write_bytes(data[:end])
        batches, told = resumed(path)
        assert words(batches) == words(BATCHES[:5])
        assert len(told) == 1


def test_it_is_told_how_many_frames_are_behind_a_damaged_record(path):
    data, at = bytearray(path.read_bytes()), starts(path)
    data[at[2] + 40] ^= 1
    path.write_bytes(data)
    batches, (told,) = resumed(path)
    assert words(batches) == words(BATCHES[:2])
    assert "its first 4 frames are kept, 8 behind them are cut off and predicted again" in told


def test_writing_goes_on_behind_what_was_cut_off(path):
    path.write_bytes(path.read_bytes()[:-3])
    told = []
    with Journal(path, told.append) as journal:
        journal.begin(RUN, resume=True)
        journal.append(BATCHES[5])
    assert words(resumed(path)[0]) == words(BATCHES)


def test_records_of_another_journal_and_out_of_turn_do_not_pass(path, tmp_path):
    other = tmp_path / "other.journal"
    with Journal(other, pytest.fail) as journal:
        journal.begin(RUN, resume=None)
        for batch in BATCHES:
            journal.append(batch)
    at, data = starts(path), path.read_bytes()
    path.write_bytes(data[: at[3]] + other.read_bytes()[at[3] :])
    assert words(resumed(path)[0]) == words(BATCHES[:3])
    path.write_bytes(data[: at[3]] + data[at[1] :])  # a block that the disk wrote twice
    assert words(resumed(path)[0]) == words(BATCHES[:3])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"layout": 1, "input": "x"}\n' + bytes(99), "an older version of sleap-rt"),
        (b"sleap-rt journal 4 00000000 {}\n", "another version of sleap-rt"),
        (b"sleap-rt journal 5 xyz {}\n", "damaged in its first line"),
        (b"sleap-rt journal 5 a3830e20 []\n", "damaged in its first line"),
    ],
)
def test_what_is_no_journal_of_this_layout_is_refused_in_words(tmp_path, line, words):
    path = tmp_path / "out.slp.journal"
    path.write_bytes(line)
    with pytest.raises(DataError, match=f"{words}.*resume=False"):
        resumed(path)
    assert path.read_bytes() == line  # nothing is overwritten without being asked


@pytest.mark.parametrize("text", [b"[]", b"7", b'{"run": 3}', b"{}", b"[" * 100_000])
def test_a_first_line_of_foreign_types_is_refused_though_its_checksum_is_right(tmp_path, text):
    import zlib

    path = tmp_path / "out.slp.journal"
    path.write_bytes(b"sleap-rt journal 5 %08x %s\n" % (zlib.crc32(text), text))
    with pytest.raises(DataError, match="damaged in its first line"):
        resumed(path)


@pytest.mark.parametrize(
    "content",
    [b"{" * 100_000, bytes(5000), b"\xff\xfe\n" * 9, b"\n\na person's notes\n", b'{"layout": {}}'],
)
@pytest.mark.parametrize("resume", [None, True, "auto", False])
def test_a_file_of_another_kind_is_never_taken_for_a_journal(tmp_path, content, resume):
    path = tmp_path / "out.slp.journal"
    path.write_bytes(content)
    refused = pytest.raises(DataError, match=r"is no journal of a run\. It is never replaced: move")
    with refused:
        check_journal(path, resume=resume)
    with refused, Journal(path, pytest.fail) as journal:
        journal.begin(RUN, resume=resume)
    assert path.read_bytes() == content


def test_random_damage_gives_whole_batches_or_an_error_of_ours(path):
    data, random, n_kept = path.read_bytes(), Random(0), []
    for _ in range(300):
        mutant = bytearray(data)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(mutant))
            what = random.randrange(4)
            if what == 0:
                mutant[at] ^= 1 << random.randrange(8)
            elif what == 1:
                del mutant[at : at + random.randrange(200)]
            elif what == 2:
                mutant[at:at] = random.randbytes(random.randrange(200))
            else:
                mutant[at : at + 50] = bytes(50)
        path.write_bytes(mutant)
        try:
            batches, _ = resumed(path)
        except DataError:
            continue
        assert words(batches) == words(BATCHES[: len(batches)])
        n_kept.append(len(batches))
    assert len(set(n_kept)) > 3


def test_another_run_is_told_by_what_it_differs(path):
    with pytest.raises(
        DataError, match=r"belongs to another run: .*models was .*, and is x now.*\. Repeat"
    ):
        resumed(path, {**RUN, "models": "x", "filters": {}})
    assert words(resumed(path)[0]) == words(BATCHES)


def test_a_second_writer_is_refused_at_once(path):
    with Journal(path, pytest.fail):
        told = f"Another run is writing {path.with_suffix('')}: its journal {path} is in use"
        with pytest.raises(DataError, match=re.escape(told)):
            Journal(path, pytest.fail)
        with pytest.raises(DataError, match="Another run is writing"):
            check_not_locked(path)
    check_not_locked(path)
    assert words(resumed(path)[0]) == words(BATCHES)  # the one refused changed nothing


HOLDS = """
import sys, time
from pathlib import Path
from sleap_rt.runtime.pipeline.journal import Journal
journal = Journal(Path(sys.argv[1]), print)
print("held", flush=True)
time.sleep(60)
"""


def test_the_lock_of_another_process_ends_when_it_is_killed(path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(DataError, match="Another run is writing"):
            Journal(path, pytest.fail)
        process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    assert words(resumed(path)[0]) == words(BATCHES)


def test_a_journal_in_which_nothing_was_begun_leaves_no_file(tmp_path):
    path = tmp_path / "out.slp.journal"
    with Journal(path, pytest.fail):
        assert path.exists()
    assert not path.exists()


def test_a_journal_without_results_leaves_no_file_that_refuses_the_next_run(tmp_path):
    path = tmp_path / "out.slp.journal"
    with Journal(path, pytest.fail) as journal:
        journal.begin(RUN, resume=None)
    assert not path.exists()
    with Journal(path, pytest.fail) as journal:
        journal.begin({**RUN, "batch": 1}, resume=None)


def test_a_journal_that_is_refused_keeps_what_it_has(path):
    before = path.read_bytes()
    for run, resume in ((RUN, None), ({"of": "another run"}, True)):
        with Journal(path, pytest.fail) as journal, pytest.raises(DataError):
            journal.begin(run, resume=resume)
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no open files")
@pytest.mark.parametrize("folder", [False, True])
def test_a_run_goes_on_and_says_so_when_its_journal_is_deleted(tmp_path, monkeypatch, folder):
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 0.0)
    path = tmp_path / "here" / "out.slp.journal"
    path.parent.mkdir()
    told = []
    with Journal(path, told.append) as journal:
        journal.begin(RUN, resume=None)
        journal.append(BATCHES[0])
        assert told == []
        shutil.rmtree(path.parent) if folder else path.unlink()
        for batch in BATCHES[1:]:
            journal.append(batch)
        assert words(journal.batches()) == words(BATCHES)
        journal.remove()
    assert len(told) == 1
    assert "was deleted or replaced while in use: this run goes on" in told[0]


def test_the_disk_is_waited_for_at_the_interval_and_at_both_ends(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(journal_module, "sync_file", lambda file: synced.append(file.tell()))
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with Journal(tmp_path / "j", pytest.fail) as journal:
        journal.begin(RUN, resume=None)
        assert len(synced) == 1
        for i, n_synced in enumerate([1, 2, 2, 3, 3]):
            now[0] += 2.5  # seconds
            journal.append(BATCHES[i])
            assert len(synced) == n_synced, i
    assert len(synced) == 4


class FullDisk:
    """A file on a disk that has room for a few bytes more."""

    def __init__(self, file, room):
        self._file, self._room = file, room

    def write(self, data):
        if not self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        n = self._file.write(data[: self._room])
        self._room -= n
        return n

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_a_full_disk_leaves_the_batches_before(tmp_path):
    path = tmp_path / "j"
    with Journal(path, pytest.fail) as journal:
        journal.begin(RUN, resume=None)
        journal.append(BATCHES[0])
        journal._file = FullDisk(journal._file, room=100)  # type: ignore[assignment]
        with pytest.raises(JournalError, match=r"cannot be written: No space left on device"):
            journal.append(BATCHES[1])
    batches, told = resumed(path)
    assert words(batches) == words(BATCHES[:1])
    assert told == []


def test_the_first_line_can_be_read_by_a_person(path):
    name, _, text = path.read_bytes().split(b"\n")[0].partition(b"{")
    assert name.startswith(b"sleap-rt journal 5 ")
    assert json.loads(b"{" + text)["run"] == RUN


def test_a_journal_in_which_nothing_was_begun_is_foreseen_as_it_is_resumed(path, tmp_path):
    empty = tmp_path / "empty.journal"
    empty.touch()
    assert begun_run(empty) is None
    assert begun_run(tmp_path / "missing.journal") is None
    assert begun_run(path) == RUN
    assert resumed(empty) == ([], [])
