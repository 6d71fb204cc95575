"""Fixtures that more than one part of the tests uses."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real models, videos and recorded predictions, where they lie beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            "the shared data (real models, recorded predictions) is not beside this checkout"
        )
    return folder
