"""Export models in every precision and print how closely the graphs follow the checkpoints.

    python benchmarks/certificates.py [--frames N] MODEL_FOLDER[+SECOND_FOLDER][=VIDEO|SLP] ...

Two Markdown tables. The first one: the float32 graph against the checkpoint pipeline, then the
float16 graph against the float32 one, on the frames of the parity certificate. The second one:
graphs in int8 against float32 on frames of the file after `=`, of which others calibrate. Limits
do not stop it: a model that exceeds one is exactly what the tables are to show.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sleap_rt.contract import Certificate, Precision  # noqa: E402
from sleap_rt.errors import SleapRtError  # noqa: E402
from sleap_rt.export import export_models  # noqa: E402
from sleap_rt.export.precision.calibration import open_calibration  # noqa: E402
from sleap_rt.export.precision.int8 import in_int8  # noqa: E402
from sleap_rt.export.proof import reduced as reduced_proof  # noqa: E402
from sleap_rt.kinds import is_crop_model_alone  # noqa: E402
from sleap_rt.options import CalibrationOptions, ExportOptions  # noqa: E402
from sleap_rt.runtime import GraphFile, read_graph_file  # noqa: E402

REDUCED = (
    "| model | points from | fp32 max px | fp32 max score | fp16 p99 px | fp16 max px "
    "| fp16 max score | points lost, new |\n|---|---|---|---|---|---|---|---|"
)
INT8 = (
    "| model | on | instances | lost, new, renamed | points lost, new | p50 px | p90 px | p99 px "
    "| max px | mean OKS | OKS 5 % | within the limits |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--frames", type=int, default=CalibrationOptions.calibration_frames)
    args = parser.parse_args()
    reduced_proof.MAX_P99_PX = reduced_proof.MAX_CHANGED = float("inf")
    rows = []
    print(REDUCED, flush=True)
    for argument in args.models:
        names, _, data = argument.partition("=")
        models = [Path(name) for name in names.split("+")]
        with tempfile.TemporaryDirectory() as folder:
            try:
                exact = _exported(models, Path(folder) / "exact", "fp32")
                half = _exported(models, Path(folder) / "half", "fp16")
                for full, reduced in zip(exact, half, strict=True):
                    print(_reduced_row(_name(full, models), full, reduced), flush=True)
            except SleapRtError as error:
                print(f"| {names} | {error} |", flush=True)
                continue
            if data:
                options = CalibrationOptions(
                    calibrate=Path(data), calibration_frames=args.frames, allow_loss=True
                )
                rows += _int8_rows(exact, models, options)
    print("\n" + "\n".join([INT8, *rows]))


def _exported(models: list[Path], folder: Path, precision: Precision) -> list[GraphFile]:
    options = ExportOptions(precision=precision)
    return [read_graph_file(path) for path in export_models(models, folder, options=options)]


def _name(graph: GraphFile, models: list[Path]) -> str:
    """The model's folder; of a pair, the graph of the second one is measured behind the first."""
    name = "+".join(model.name for model in models)
    return f"{models[0].parent.name} {name}, {graph.contract.kind}"


def _reduced_row(name: str, full: GraphFile, half: GraphFile) -> str:
    one, other = full.contract.certificate, half.contract.certificate
    assert one is not None
    assert other is not None
    return (
        f"| {name} | {one.n_instances} instances | {one.max_px:.5f} | {one.max_score:.1e} "
        f"| {other.p99_px:.3f} | {other.max_px:.3f} | {other.max_score:.1e} "
        f"| {other.n_lost}, {other.n_extra} |"
    )


def _int8_rows(
    exact: list[GraphFile], models: list[Path], options: CalibrationOptions
) -> list[str]:
    alone = is_crop_model_alone([graph.contract.kind for graph in exact])
    graphs = [(graph.path, graph.contract) for graph in exact]
    name = options.calibrate.name
    try:
        with (
            open_calibration(options, needs_labels=alone) as frames,
            tempfile.TemporaryDirectory() as folder,
        ):
            made = in_int8(graphs, frames, Path(folder))
    except SleapRtError as error:
        return [f"| {_name(exact[-1], models)} | {name} | {error} |"]
    certificates = [contract.certificate for _, contract in made]
    return [
        _int8_row(_name(graph, models), name, certificate)
        for graph, certificate in zip(exact, certificates, strict=True)
        if certificate is not None
    ]


def _int8_row(name: str, data: str, found: Certificate) -> str:
    poses = found.poses
    assert poses is not None
    oks = [poses.oks_mean, poses.oks_p5]
    mean, low = ("" if value is None else f"{value:.4f}" for value in oks)
    return (
        f"| {name} | {data} | {found.n_instances} | {poses.n_lost}, {poses.n_extra}, "
        f"{poses.n_renamed} | {found.n_lost}, {found.n_extra} | {poses.p50_px:.3f} "
        f"| {poses.p90_px:.3f} | {found.p99_px:.3f} | {found.max_px:.1f} | {mean} | {low} "
        f"| {'no' if poses.exceeded else 'yes'} |"
    )


if __name__ == "__main__":
    main()
