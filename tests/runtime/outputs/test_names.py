"""Places of results, as they are tried ahead of a run."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sleap_rt.errors import DataError
from sleap_rt.runtime.outputs.names import check_place, make_folder


@pytest.fixture
def threads_take_turns():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("threads_take_turns")
def test_runs_with_one_output_may_try_its_folder_at_once(tmp_path):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(make_folder, [tmp_path / "new/out.slp"] * 1000))
    assert not list((tmp_path / "new").iterdir())


def test_where_nothing_may_be_written_the_way_out_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DataError, match=r"may not be written to\. Name a file elsewhere"):
        check_place(tmp_path / "a.slp", [])
