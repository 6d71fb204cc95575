"""What it costs in poses to bring more or fewer layers of a network to int8.

    python benchmarks/int8_layers.py VIDEO|SLP MODEL_FOLDER [SECOND_MODEL_FOLDER]

One Markdown row per choice of layers, for the last of the models: half of the frames calibrate,
the other half is compared with the float32 graphs.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import onnx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sleap_rt.export import export_models  # noqa: E402
from sleap_rt.export.precision import quantize  # noqa: E402
from sleap_rt.export.precision.calibration import open_calibration  # noqa: E402
from sleap_rt.export.precision.int8 import in_int8  # noqa: E402
from sleap_rt.kinds import is_crop_model_alone  # noqa: E402
from sleap_rt.options import CalibrationOptions  # noqa: E402
from sleap_rt.runtime import read_graph_file  # noqa: E402

CHOICES: dict[str, Callable[[onnx.GraphProto], list[str]]] = {
    "all layers": lambda graph: _names(graph, without_first=False, without_last=False),
    "all but the first": lambda graph: _names(graph, without_first=True, without_last=False),
    "all but the last": lambda graph: _names(graph, without_first=False, without_last=True),
    "all but first and last": lambda graph: _names(graph, without_first=True, without_last=True),
}
HEADER = (
    "| in int8 | layers | instances, lost, new | points lost, new | p50 px | p90 px | p99 px "
    "| max px | mean OKS | OKS 5 % |\n|---|---|---|---|---|---|---|---|---|---|"
)


def main(data: Path, models: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        graphs = [read_graph_file(path) for path in export_models(models, Path(folder))]
        exact = [(graph.path, graph.contract) for graph in graphs]
        print(HEADER, flush=True)
        for name, choose in CHOICES.items():
            vars(quantize)["layers_to_quantize"] = choose
            n_layers = len(choose(onnx.load(exact[-1][0]).graph))
            alone = is_crop_model_alone([contract.kind for _, contract in exact])
            options = CalibrationOptions(calibrate=data, allow_loss=True)
            with (
                open_calibration(options, needs_labels=alone) as frames,
                tempfile.TemporaryDirectory() as other,
            ):
                *_, (_, contract) = in_int8(exact, frames, Path(other))
            found = contract.certificate
            assert found is not None
            assert found.poses is not None
            poses = found.poses
            similar = ["", ""] if poses.oks_mean is None else [poses.oks_mean, poses.oks_p5]
            print(
                f"| {name} | {n_layers} | {found.n_instances}, {poses.n_lost}, {poses.n_extra} "
                f"| {found.n_lost}, {found.n_extra} | {poses.p50_px:.3f} | {poses.p90_px:.3f} "
                f"| {found.p99_px:.3f} | {found.max_px:.1f} "
                + "".join(f"| {value:.4f} " if value != "" else "| " for value in similar)
                + "|",
                flush=True,
            )


def _names(graph: onnx.GraphProto, *, without_first: bool, without_last: bool) -> list[str]:
    layers = quantize.layers_of_network(graph)
    kept = [
        *(quantize.first_layers(graph, layers) if without_first else []),
        *(quantize.last_layers(graph, layers) if without_last else []),
    ]
    return [node.name for node in layers if node not in kept]


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
