"""Fixtures that more than one part of the tests uses."""

from collections.abc import Callable, Sequence
from pathlib import Path

import hypothesis
import pytest

# A test process shares its core with others; a time limit per example would fail at random.
hypothesis.settings.register_profile("no time limit", deadline=None)
hypothesis.settings.load_profile("no time limit")

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_MODELS = ROOT / "samples/models"

Export = Callable[[Sequence[Path]], list[Path]]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real models, videos and recorded predictions, where they lie beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            "the shared data (real models, recorded predictions) is not beside this checkout"
        )
    return folder


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Exports a model or a pair once for the whole session; later calls get the same graphs.

    An export takes ten seconds, nearly all in torch's tracer.
    """
    done: dict[tuple[Path, ...], list[Path]] = {}

    def export(models: Sequence[Path]) -> list[Path]:
        from sleap_rt.export import export_models

        key = tuple(models)
        if key not in done:
            done[key] = export_models(key, tmp_path_factory.mktemp("graphs"))
        return done[key]

    return export


@pytest.fixture(scope="session")
def sample_graphs(exported: Export) -> Callable[..., list[Path]]:
    """`sample_graphs("centroid", "centered_instance")`: graphs of models that ship with us."""
    return lambda *names: exported([SAMPLE_MODELS / name for name in names])
