"""Exports of trained models, kept from one run to the next.

The name of an entry is a hash of what it was made from: the files of the models, the overrides, and
the version that exported them. If any of these changes, a new entry is made.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from sleap_rt.contract import CONTRACT_VERSION
from sleap_rt.export.steps import OnStep
from sleap_rt.model_files import exported_graphs, file_sha256, fingerprint
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.version import __version__


def cached_graphs(
    models: Sequence[Path],
    overrides: ModelOverrides = NO_OVERRIDES,
    on_step: OnStep | None = None,
) -> list[Path]:
    """The exported graphs of one model or a pair; exports them if they are not in the cache.

    Args:
        models: trained models, in any order.
        overrides: settings that replace those of the training configurations.
        on_step: called as each step of an export begins and ends.

    Raises:
        OptionError: an override has no effect with these models, or cannot be honoured.
        ModelError: a model cannot be loaded or exported, or the export extra is not installed.
    """
    entry = cache_folder() / _key(models, overrides)
    if not entry.is_dir():
        _fill(entry, models, overrides, on_step)
    return exported_graphs(entry)


def find_cached(models: Sequence[Path], overrides: ModelOverrides) -> list[Path] | None:
    """The exported graphs of one model or a pair; None if it was never exported.

    Raises:
        ModelError: a model is missing or cannot be read.
    """
    entry = cache_folder() / _key(models, overrides)
    return exported_graphs(entry) if entry.is_dir() else None


def cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("sleap-rt")) / "exports"


def _key(models: Sequence[Path], overrides: ModelOverrides) -> str:
    digest = hashlib.sha256(f"{__version__} {CONTRACT_VERSION}".encode())
    for print_ in sorted(fingerprint(model, overrides.backbone_ckpt_path) for model in models):
        digest.update(print_.encode())
    for name in overrides.given:
        value = getattr(overrides, name)
        content = file_sha256(value).hex() if isinstance(value, Path) else repr(value)
        digest.update(f" {name}={content}".encode())
    return digest.hexdigest()[:32]


def _fill(
    entry: Path,
    models: Sequence[Path],
    overrides: ModelOverrides,
    on_step: OnStep | None,
) -> None:
    from sleap_rt.export.exporter import export_models  # torch takes seconds to import

    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=entry.parent, prefix=".exporting-") as temporary:
        graphs = Path(temporary) / "graphs"
        export_models(models, graphs, overrides, on_step=on_step)
        try:
            graphs.rename(entry)
        except OSError:  # another process was faster; its entry has the same content
            if not entry.is_dir():
                raise
            shutil.rmtree(graphs)
