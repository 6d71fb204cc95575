"""Writes metrics to the `.npz` that existing readers know and a `.json`, and reads them back."""

import io
import json
import math
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.evaluation.earlier_results import MARK, Mark
from sleap_rt.evaluation.metrics import Metrics
from sleap_rt.evaluation.outputs import write_whole
from sleap_rt.evaluation.results import EvaluationRun
from sleap_rt.options.value_types import typed
from sleap_rt.untrusted import listed
from sleap_rt.untrusted.archives import FAULTS, BoundedArchive
from sleap_rt.untrusted.arrays import read_header, read_npy
from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.json_text import parse_json
from sleap_rt.untrusted.pickles import FAULTS as PICKLE_FAULTS
from sleap_rt.untrusted.pickles import check_pickle
from sleap_rt.words import in_full

_TIMES = 100  # what metrics, most of which repeat, may unpack to: times the size of their file

GROUPS = (
    "voc_metrics",
    "mOKS",
    "distance_metrics",
    "pck_metrics",
    "visibility_metrics",
)
# Name in the archive -> where it is in the metrics. Plain numbers: no pickle needed to read them.
_SCALARS = {
    "mOKS": ("mOKS", "mOKS"),
    "mAP": ("voc_metrics", "oks_voc.mAP"),
    "mAR": ("voc_metrics", "oks_voc.mAR"),
    "avg_distance": ("distance_metrics", "avg"),
    "mPCK": ("pck_metrics", "mPCK"),
    "visibility_precision": ("visibility_metrics", "precision"),
    "visibility_recall": ("visibility_metrics", "recall"),
}


def saved_files(path: Path) -> tuple[Path, Path]:
    """The archive and the JSON beside it, of a name that ends in one, the other or neither."""
    stem = stem_of(path)
    return path.with_name(f"{stem}.npz"), path.with_name(f"{stem}.json")


def stem_of(path: Path) -> str:
    """What the names of both files begin with."""
    return path.stem if path.suffix.lower() in (".npz", ".json") else path.name


def save_metrics(path: Path, metrics: Metrics, mark: Mark | None = None) -> tuple[Path, Path]:
    """Write the archive and the JSON file; creates missing folders.

    The archive has one entry `metrics` (the dictionary, pickled, as existing readers expect) and up
    to seven plain numbers, those that were measured. The JSON has lists for arrays and null for
    numbers that are not finite, and leaves out the large `pck_metrics.pcks`.

    Args:
        path: names both, see `saved_files`.
        metrics: to write.
        mark: the files that they compare, for a later run that would replace them.

    Returns:
        The two files written.

    Raises:
        DataError: a file cannot be written.
    """
    archive, text = saved_files(path)
    entries = {"metrics": np.array(metrics, dtype=object), **_scalars(metrics)}
    slim = to_json(metrics)
    if mark is not None:
        entries[MARK] = np.array(mark)
        slim = {MARK: mark, **slim}
    write_whole(archive, lambda file: np.savez_compressed(file, **entries))
    in_words = json.dumps(slim, allow_nan=False).encode("utf8")
    write_whole(text, lambda file: file.write(in_words))
    return archive, text


def _scalars(metrics: Metrics) -> dict[str, Any]:
    return {
        name: np.float64(metrics[group][key])
        for name, (group, key) in _SCALARS.items()
        if group in metrics
    }


def to_json(metrics: Metrics) -> Metrics:
    """The metrics as built-in types that JSON can hold."""
    slim = dict(metrics)
    if "pck_metrics" in slim:
        slim["pck_metrics"] = {k: v for k, v in slim["pck_metrics"].items() if k != "pcks"}
    plain = _plain(slim)
    assert isinstance(plain, dict)
    return plain


def run_as_json(run: EvaluationRun) -> dict[str, Any]:
    """The metrics of every prediction file of a run, for JSON."""
    return {
        "ground_truth": in_full(run.options.ground_truth_path),
        "predictions": [
            {
                "name": one.name,
                "path": in_full(one.path),
                "metrics": to_json(one.metrics),
                "notes": list(one.notes),
            }
            for one in run.evaluations
        ],
    }


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _without_nan(value).tolist()
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _without_nan(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """None in place of numbers that are not finite."""
    if values.dtype.kind != "f":
        return values
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return plain


@typed
def load_metrics(
    path: str | Path, split: str = "test", dataset_idx: int = 0, *, allow_pickle: bool = False
) -> Metrics:
    """Read stored metrics, from this program or from those whose layout it shares.

    Args:
        path: an `.npz` file, or a model folder holding `metrics.<split>.<dataset_idx>.npz` or
            the older `<split>_<dataset_idx>_pred_metrics.npz`.
        split: train, val or test, for a folder; without test metrics those of val are read.
        dataset_idx: which data set of the split, for a folder.
        allow_pickle: these files hold pickled dictionaries. They are only read when this is
            true, and even then nothing but NumPy arrays and built-in values is built from them.

    Returns:
        The nested dictionary. Files of the oldest layout hold mOKS as a single number; it goes
        where newer files have it.

    Raises:
        DataError: there is no such file, it is not a metrics file, or `allow_pickle` is needed.

    Examples:
        >>> stored = load_metrics("metrics.npz", allow_pickle=True)
        >>> round(stored["mOKS"]["mOKS"], 4), stored["distance_metrics"]["dists"].shape
        (0.6763, (6, 4))
    """
    file = _find_file(Path(path), split, dataset_idx)
    if file.suffix.lower() == ".json":
        raise DataError(
            f"{file} is no `.npz` file. A .json file, which has lists for arrays, is read with "
            "`json.load`; give the .npz file beside it."
        )
    try:
        with zipfile.ZipFile(file) as opened:
            archive = BoundedArchive(opened, Budget(file.stat().st_size, _TIMES))
            names = [name.removesuffix(".npy") for name in archive.names]
            entries = {
                name: _read_entry(archive.read(f"{name}.npy"), file, allow_pickle)
                for name in (["metrics"] if "metrics" in names else names)
            }
    except FAULTS as error:
        raise DataError(f"{file} is not a metrics file: {error}") from error
    return _metrics_from(entries, file)


def plain_metrics(file: Path) -> dict[str, float]:
    """The numbers of stored metrics that need no unpickling.

    Args:
        file: a `.json` file as it stands beside an archive, or an `.npz` archive; of that, the
            entries that are plain numbers.

    Returns:
        Some of `mOKS`, `mAP`, `mAR`, `avg_distance`, `p50` and `p95` (px), `mPCK`,
        `visibility_precision` and `visibility_recall`: those that are there and finite.

    Raises:
        DataError: it cannot be read, or has none of them without unpickling.
    """
    try:
        found = _from_text(file) if file.suffix == ".json" else _plain_entries(file)
    except FAULTS as error:
        raise DataError(f"{file.name} is not a metrics file: {error}") from error
    if not found:
        raise DataError(f"{file.name} holds no metrics that are plain numbers")
    return found


def _from_text(file: Path) -> dict[str, float]:
    stored = parse_json(file.read_text(encoding="utf8"))
    groups = stored if isinstance(stored, dict) else {}
    places = {**_SCALARS, **{name: ("distance_metrics", name) for name in ("p50", "p95")}}
    found: dict[str, float] = {}
    for name, (title, key) in places.items():
        group = groups.get(title)
        value = group.get(key) if isinstance(group, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = value
    return found


def _plain_entries(file: Path) -> dict[str, float]:
    with zipfile.ZipFile(file) as opened:
        archive = BoundedArchive(opened, Budget(file.stat().st_size, _TIMES))
        entries = {name: f"{name}.npy" for name in _SCALARS if f"{name}.npy" in archive.names}
        data = {name: archive.read(entry) for name, entry in entries.items()}
        if not data and "metrics.npy" in archive.names:
            raise DataError(
                f"{file.name} holds its metrics as pickled objects, which are not read here; "
                "`sleap_rt.evaluation.load_metrics(path, allow_pickle=True)` does."
            )
    values = {name: read_npy(content) for name, content in data.items()}
    return {
        name: float(value)
        for name, value in values.items()
        if value.shape == () and value.dtype.kind in "fiu" and np.isfinite(value)
    }


def _find_file(path: Path, split: str, dataset_idx: int) -> Path:
    if path.is_file():
        return path
    splits = (split, "val") if split == "test" else (split,)
    names = [
        name
        for s in splits
        for name in (f"metrics.{s}.{dataset_idx}.npz", f"{s}_{dataset_idx}_pred_metrics.npz")
    ]
    for name in names:
        if (path / name).is_file():
            return path / name
    if path.is_dir():
        raise DataError(f"The folder {path} has none of {', '.join(names)}")
    raise DataError(f"There is no metrics file or folder {path}")


def _read_entry(data: bytes, file: Path, allow_pickle: bool) -> object:
    _, dtype, start = read_header(data)
    if not dtype.hasobject:
        return read_npy(data)[()]
    if not allow_pickle:
        raise DataError(
            f"{file} holds pickled objects. Pass allow_pickle=True to read it, or read the .json "
            "file beside it, which has lists for arrays, with `json.load`."
        )
    try:
        check_pickle(data[start:])
        value: object = _PlainUnpickler(io.BytesIO(data[start:])).load().item()
    except (pickle.UnpicklingError, *PICKLE_FAULTS) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    return value


def _reconstruct(*_: object) -> np.ndarray[Any, Any]:
    """An array that is yet to get its shape and its values, which must fit each other."""
    return np.zeros(0, np.int8)


def _scalar(dtype: np.dtype[Any], content: bytes) -> object:
    if len(content) != dtype.itemsize:
        raise ValueError(f"a value of {dtype} has {len(content)} bytes")
    return np.frombuffer(content, dtype)[0]


class _PlainUnpickler(pickle.Unpickler):
    """Builds arrays and built-in values only, so that a file cannot run code."""

    _MODULES = frozenset({"numpy", "numpy.core.multiarray", "numpy._core.multiarray"})
    _BUILDERS: Mapping[str, object] = {
        "ndarray": "ndarray",  # only ever named, as what to reconstruct
        "dtype": np.dtype,
        "_reconstruct": _reconstruct,
        "scalar": _scalar,
    }

    def find_class(self, module: str, name: str) -> object:
        if module in self._MODULES and name in self._BUILDERS:
            return self._BUILDERS[name]
        raise pickle.UnpicklingError(
            f"it refers to {module}.{name}, while metrics consist of arrays and plain values"
        )


def _metrics_from(entries: dict[str, object], file: Path) -> Metrics:
    stored = entries.get("metrics")
    if isinstance(stored, dict):
        return stored
    groups: Metrics = {name: entries[name] for name in GROUPS if name in entries}
    if "mOKS" in groups and not isinstance(groups["mOKS"], dict):
        groups["mOKS"] = {"mOKS": groups["mOKS"]}
    if not groups:
        raise DataError(
            f"{file} is not a metrics file: it has the entries {listed(entries)}, "
            f"but neither `metrics` nor any of {', '.join(GROUPS)}"
        )
    return groups
