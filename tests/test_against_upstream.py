"""What `make bench` makes of times and of what programs print; the programs do not run."""

import sys

import pytest

from benchmarks.against_upstream import turned
from benchmarks.side_by_side import (
    FailedError,
    Run,
    progress_in,
    ratio_table,
    ratios,
    reason_in,
    speed_table,
    timed,
)

LINES = (
    (11.0, "starting\n"),
    (12.0, '{"n_processed": 4, "n_total": 24}\n'),
    (14.0, '{"n_processed": 24, "n_total": 24}\n'),
    (99.0, "over\n"),
)
WRITES = """
import json, pathlib, sys
print("a line of a log")
for n in (1, 9):
    print(json.dumps({"n_processed": n, "n_total": 9}))
pathlib.Path(sys.argv[1]).touch()
"""


def test_a_speed_counts_from_the_first_progress_to_the_written_file():
    # 20 frames from 12.0 s to 16.0 s: neither the start nor what follows the file is in it
    run = Run(started=10.0, written=16.0, lines=LINES)
    assert run.frames_per_second == 5.0
    assert run.seconds == 6.0


def test_a_run_too_short_for_a_speed_says_so():
    with pytest.raises(FailedError, match="--frames"):
        _ = Run(started=10.0, written=16.0, lines=LINES[2:]).frames_per_second


def test_a_program_without_progress_is_told():
    with pytest.raises(FailedError, match="no progress"):
        progress_in([(1.0, "[1, 2]\n"), (2.0, "12\n"), (3.0, "{\n")])


def test_a_command_is_timed_by_its_file(tmp_path):
    output = tmp_path / "poses.slp"
    run = timed([sys.executable, "-c", WRITES, str(output)], output)
    assert [n for _, n in progress_in(run.lines)] == [1, 9]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("raise SystemExit('no such model')", "no such model"), ("pass", "said nothing")],
)
def test_a_command_that_fails_or_writes_nothing_is_told_in_its_own_words(tmp_path, code, reason):
    output = tmp_path / "poses.slp"
    output.touch()  # of a run before
    with pytest.raises(FailedError, match=reason):
        timed([sys.executable, "-c", code], output)


def test_the_reason_is_an_error_in_json_ahead_of_a_traceback():
    lines = ('{"error": true, "message": "wrong\\n size"}', "Traceback", "  at line 3", "")
    assert reason_in(lines) == "wrong size"
    assert reason_in(lines[1:]) == "at line 3"


def test_ratios_are_taken_round_by_round():
    # The second round was slow for both: a ratio of medians would say 1.5.
    assert ratios([40.0, 10.0, 30.0], [20.0, 5.0, 10.0]) == "2.00 (2.00-3.00)"
    assert ratios([40.0], "wrong size") == "fails"


def test_the_tables_have_a_column_per_program():
    rows = {
        "work a": {"theirs": [10.0, 30.0, 20.0], "ours": [40.0] * 3},
        "b": {"theirs": "broken", "ours": [1.0]},
    }
    assert speed_table(rows).splitlines() == [
        "| work, frames/s | theirs | ours |",
        "| --- | --- | --- |",
        "| work a | 20.0 | 40.0 |",
        "| b | fails | 1.0 |",
    ]
    assert ratio_table(rows, ["ours"], ["theirs"]).splitlines()[2:] == [
        "| work a | ours | 2.00 (1.33-4.00) |",
        "| b | ours | fails |",
    ]


def test_each_round_begins_with_another_program():
    assert [turned("abc", number)[0] for number in range(4)] == ["a", "b", "c", "a"]
