"""An evaluation as one HTML file that needs nothing else: no network, no scripts, no other files.

Enters: an `EvaluationRun`. Leaves: the file. Plots need matplotlib (extra `report`), which is
imported only when a report is written.
"""

from pathlib import Path

from sleap_rt.evaluation.outputs import write_whole
from sleap_rt.evaluation.report.page import report_page
from sleap_rt.evaluation.results import EvaluationRun
from sleap_rt.words import readable


def write_report(run: EvaluationRun, path: Path) -> None:
    """Write the report; creates missing folders.

    Raises:
        DataError: the file cannot be written.
    """
    page = readable(report_page(run)).encode("utf8")
    write_whole(path, lambda file: file.write(page))


__all__ = ["write_report"]
