"""Every kind of file that is read, with seeds made from the samples, and the reader of each."""

import io
import random
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/models/legacy"), str(ROOT / "tests/runtime/frames")]

from sleap_rt.options import EngineOptions, SelectionOptions  # noqa: E402

SAMPLES = ROOT / "samples"
MODEL = SAMPLES / "models/single_instance"
_FRAMES = 8  # that are read of a video

Mutate = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        name: of the file in the folder of a mutant.
        seeds: whole files to damage; gets a folder to make them in.
        read: reads the mutant at a path as users' files are read.
        beside: files that lie beside the mutant.
        within: damages what a checksum protects, and mends the checksum; None where nothing does.
    """

    name: str
    seeds: Callable[[Path], list[bytes]]
    read: Callable[[Path], object]
    beside: tuple[Path, ...] = ()
    within: Callable[[bytes, random.Random, Mutate], bytes] | None = None


# --- models ---------------------------------------------------------------------------------------


def _native(path: Path) -> object:
    from sleap_rt.models.native.load_native import load_native_model

    return load_native_model(path.parent)


def _legacy(path: Path) -> object:
    from sleap_rt.models.legacy.load_legacy import load_legacy_model

    return load_legacy_model(path if path.suffix == ".zip" else path.parent)


@cache
def _legacy_folder(folder: Path) -> Path:
    from keras_files import write_model

    return write_model(folder / "legacy")


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"model/{file.name}")
    return buffer.getvalue()


def _in_a_member(content: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    """Damage one member of a zip, whose checksum is made anew."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    small = [name for name in members if name.endswith(("data.pkl", "byteorder", ".json", ".npy"))]
    chosen = rng.choice(small if small and rng.random() < 0.8 else sorted(members))
    members[chosen] = mutate(members[chosen], rng)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


# --- graphs ---------------------------------------------------------------------------------------


def _graphs(folder: Path) -> list[bytes]:
    from sleap_rt.export.exporter import export_models

    (path,) = export_models([MODEL], folder / "graph")
    return [path.read_bytes()]


def _sealed(content: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    """Damage a graph or its description, and seal it again, as a stranger could."""
    import tempfile

    import onnx

    from sleap_rt.runtime.graph_seal import seal

    model = onnx.ModelProto.FromString(content)
    if rng.random() < 0.5:
        entry = rng.choice(model.metadata_props)
        entry.value = mutate(entry.value.encode(), rng).decode(errors="replace")
        damaged = model.SerializeToString()
    else:
        graph = mutate(model.graph.SerializeToString(), rng)
        model.ClearField("graph")
        size, prefix = len(graph), bytearray(b"\x3a")
        while size > 0x7F:
            prefix.append(size & 0x7F | 0x80)
            size >>= 7
        damaged = model.SerializeToString() + bytes((*prefix, size)) + graph
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        path.write_bytes(damaged)
        seal(path)
        return path.read_bytes()


def _graph(path: Path) -> None:
    from sleap_rt.runtime.engines import open_engine
    from sleap_rt.runtime.graph_file import read_graph_file
    from sleap_rt.runtime.inspect.verify import read_sample

    read_graph_file(path)
    read_sample(path)
    open_engine(path, EngineOptions(engine="ort", device="cpu", threads=1)).close()


# --- metrics and labels ---------------------------------------------------------------------------


def _metrics(folder: Path) -> list[bytes]:
    from sleap_rt.evaluation.storage import save_metrics

    rng = np.random.default_rng(0)
    metrics = {
        "mOKS": {"mOKS": np.float64(0.7), "oks": rng.random(20)},
        "distance_metrics": {"avg": 1.5, "dists": rng.random((20, 5)), "names": ["a", "b"]},
        "voc_metrics": {"oks_voc.mAP": np.float64(0.5), "oks_voc.mAR": np.float64(0.5)},
    }
    return [save_metrics(folder / "metrics", metrics)[0].read_bytes()]


def _load_metrics(path: Path) -> object:
    from sleap_rt.evaluation import load_metrics

    return load_metrics(path, allow_pickle=True)


def _labels(_: Path) -> list[bytes]:
    return [(SAMPLES / "crawlers.slp").read_bytes()]


def _packages(folder: Path) -> list[bytes]:
    import sleap_io as sio

    labels = sio.load_slp(str(SAMPLES / "crawlers.slp"))
    labels.labeled_frames = labels.labeled_frames[:3]
    labels.save(str(folder / "a.pkg.slp"), embed=True, verbose=False)
    return [(folder / "a.pkg.slp").read_bytes()]


def _predict_on(path: Path) -> None:
    from sleap_rt.runtime.frames.open_input import open_input

    with open_input(path, SelectionOptions()) as opened:
        for ref in list(opened.selection.refs)[:_FRAMES]:
            opened.source.read(ref)


def _evaluate(path: Path) -> None:
    from sleap_rt.evaluation.reading.files import load_table

    load_table(path)
    _predict_on(path)


def _retrack(path: Path) -> None:
    from sleap_rt.tracking.options import TrackerOptions
    from sleap_rt.workflows.retracking import RetrackOptions, retrack_data

    retrack_data(path, RetrackOptions(tracking=TrackerOptions()))


# --- videos and images ----------------------------------------------------------------------------


def _clips(suffix: str, codec: str) -> Callable[[Path], list[bytes]]:
    def make(folder: Path) -> list[bytes]:
        from clips import encode

        path = encode(folder / f"clip{suffix}", codec=codec, n_frames=20)
        return [path.read_bytes()]

    return make


def _picture(suffix: str) -> Callable[[Path], list[bytes]]:
    def make(folder: Path) -> list[bytes]:
        import cv2
        from clips import picture

        ok, content = cv2.imencode(suffix, picture(3))
        assert ok
        return [content.tobytes()]

    return make


def _pages(folder: Path) -> list[bytes]:
    import tifffile
    from clips import picture

    pages = np.stack([picture(n)[..., 0] for n in range(4)])
    tifffile.imwrite(folder / "pages.tif", pages, photometric="minisblack")
    return [(folder / "pages.tif").read_bytes()]


def _hdf5(folder: Path) -> list[bytes]:
    import h5py
    from clips import picture

    frames = np.stack([picture(n) for n in range(6)])
    for name, options in (("plain", {}), ("packed", {"compression": "gzip", "chunks": True})):
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file.create_dataset("images", data=frames, **options)
    return [(folder / f"{name}.h5").read_bytes() for name in ("plain", "packed")]


# --- journals -------------------------------------------------------------------------------------

_RUN = {"layout": 1, "models": ["a"], "batch": 4}


def _journals(folder: Path) -> list[bytes]:
    from sleap_rt.instances import FrameInstances
    from sleap_rt.runtime.pipeline.journal import Journal

    rng = np.random.default_rng(0)
    path = folder / "out.journal"
    with Journal(path, print) as journal:
        journal.begin(_RUN, resume=None)
        for batch in range(6):
            journal.append(
                [
                    FrameInstances.untracked(
                        frame_index=4 * batch + n,
                        points=rng.random((2, 3, 2)).astype(np.float32),
                        point_scores=rng.random((2, 3)).astype(np.float32),
                        scores=rng.random(2).astype(np.float32),
                    )
                    for n in range(4)
                ]
            )
    return [path.read_bytes()]


def _resume(path: Path) -> None:
    from sleap_rt.runtime.pipeline.journal import Journal

    with Journal(path, str) as journal:
        journal.begin(_RUN, resume=True)
        for _ in journal.batches():
            pass


_VIDEO = (SAMPLES / "crawlers.mp4",)
_CHECKPOINT, _CONFIG = MODEL / "best.ckpt", MODEL / "training_config.yaml"

KINDS = {
    "yaml": Kind("training_config.yaml", lambda _: [_CONFIG.read_bytes()], _native, (_CHECKPOINT,)),
    "ckpt": Kind(
        "best.ckpt", lambda _: [_CHECKPOINT.read_bytes()], _native, (_CONFIG,), _in_a_member
    ),
    "json": Kind(
        "training_config.json",
        lambda folder: [(_legacy_folder(folder) / "training_config.json").read_bytes()],
        _legacy,
    ),
    "keras": Kind(
        "best_model.h5",
        lambda folder: [(_legacy_folder(folder) / "best_model.h5").read_bytes()],
        _legacy,
    ),
    "zip": Kind(
        "model.zip",
        lambda folder: [_zipped(_legacy_folder(folder))],
        _legacy,
        within=_in_a_member,
    ),
    "onnx": Kind("single_instance.onnx", _graphs, _graph, within=_sealed),
    "npz": Kind("metrics.npz", _metrics, _load_metrics, within=_in_a_member),
    "journal": Kind("out.slp.journal", _journals, _resume),
    "slp": Kind("labels.slp", _labels, _evaluate, _VIDEO),
    "retrack": Kind("labels.slp", _labels, _retrack, _VIDEO),
    "pkg": Kind("labels.pkg.slp", _packages, _evaluate),
    "mp4": Kind("clip.mp4", _clips(".mp4", "libx264"), _predict_on),
    "mkv": Kind("clip.mkv", _clips(".mkv", "libx264"), _predict_on),
    "avi": Kind("clip.avi", _clips(".avi", "mpeg4"), _predict_on),
    "hdf5": Kind("clip.h5", _hdf5, _predict_on),
    "png": Kind("image.png", _picture(".png"), _predict_on),
    "jpg": Kind("image.jpg", _picture(".jpg"), _predict_on),
    "tif": Kind("pages.tif", _pages, _predict_on),
}


def lay_out(kind: Kind, folder: Path, seeds: Path) -> Path:
    """Prepare a folder for mutants of a kind; the path where each of them goes."""
    beside = kind.beside
    if kind.name in ("training_config.json", "best_model.h5"):
        beside = tuple(_legacy_folder(seeds).iterdir())
    for file in beside:
        if file.name != kind.name:
            shutil.copy(file, folder)
    return folder / kind.name
