"""The program, called as a user does but within the test's process."""

from dataclasses import dataclass

import pytest

from sleap_rt.cli import main


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str


@pytest.fixture
def call(capfd):
    """`call("track", "-i", path)`: exit code and what was written."""

    def call(*args) -> Called:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(arg) for arg in args])
        return Called(left.value.code or 0, *capfd.readouterr())

    return call
