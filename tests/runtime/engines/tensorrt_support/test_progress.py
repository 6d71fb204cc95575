import io

import pytest

from sleap_rt.runtime.engines.tensorrt.progress import ProgressLine


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_one_line_at_the_start_and_one_at_the_end() -> None:
    log = io.StringIO()
    with ProgressLine("building it", log) as line:
        line.update("layers", 0.5)
    first, last = log.getvalue().splitlines()
    assert first == "building it ..."
    assert last.startswith("  built, 0.")


def test_a_terminal_shows_the_phase() -> None:
    terminal = _Terminal()
    with ProgressLine("building it", terminal) as line:
        line.update("layers", 0.5)
    assert "layers  50%, 0 s" in terminal.getvalue()


def test_a_failed_build_says_so() -> None:
    log = io.StringIO()
    with pytest.raises(ValueError, match="boom"), ProgressLine("building it", log):
        raise ValueError("boom")
    assert log.getvalue().splitlines()[-1].startswith("  not built")
