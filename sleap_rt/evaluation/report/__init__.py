"""An evaluation as one HTML file that needs nothing else: no network, no scripts, no other files.

Enters: an `EvaluationRun` and the images of the ground truth's frames. Leaves: the file. Plots
need matplotlib (extra `report`), which is imported when a report is written and not before.
"""

from pathlib import Path

from sleap_rt.errors import DataError
from sleap_rt.evaluation.labels import FrameImages
from sleap_rt.evaluation.report.page import report_page
from sleap_rt.evaluation.run import EvaluationRun


def write_report(run: EvaluationRun, images: FrameImages, path: Path) -> None:
    """Write the report; missing folders are made.

    Raises:
        DataError: the file cannot be written.
    """
    page = report_page(run, images)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf8")
    except OSError as error:
        raise DataError(f"the report cannot be written to {path}: {error}") from error


__all__ = ["write_report"]
