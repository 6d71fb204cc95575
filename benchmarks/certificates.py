"""Export models in float32 and float16 and print how closely both follow the checkpoints.

    python benchmarks/certificates.py MODEL_FOLDER ...

One Markdown row per model: the float32 graph against the checkpoint pipeline, then the float16
graph against the float32 one, on the frames of the parity certificate. Tolerances do not stop it: a
model that exceeds one is exactly what the table is to show.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sleap_rt.contract import Certificate, Precision  # noqa: E402
from sleap_rt.errors import ModelError  # noqa: E402
from sleap_rt.export import export_models, reduced_certificate  # noqa: E402
from sleap_rt.runtime import read_graph_file  # noqa: E402

HEADER = (
    "| model | points from | fp32 max px | fp32 max score | fp16 p99 px | fp16 max px "
    "| fp16 max score | lost, new |\n|---|---|---|---|---|---|---|---|"
)


def main(models: list[str]) -> None:
    reduced_certificate.MAX_P99_PX = reduced_certificate.MAX_CHANGED = float("inf")
    print(HEADER, flush=True)
    for model in map(Path, models):
        try:
            full, half = (_certificate(model, precision) for precision in ("fp32", "fp16"))
        except ModelError as error:
            print(f"| {model.name} | {error} |", flush=True)
            continue
        print(
            f"| {model.name} | {full.n_instances} instances | {full.max_px:.5f} "
            f"| {full.max_score:.1e} | {half.p99_px:.3f} | {half.max_px:.3f} "
            f"| {half.max_score:.1e} | {half.n_lost}, {half.n_extra} |",
            flush=True,
        )


def _certificate(model: Path, precision: Precision) -> Certificate:
    with tempfile.TemporaryDirectory() as folder:
        (path,) = export_models([model], Path(folder), precision=precision)
        certificate = read_graph_file(path).contract.certificate
    assert certificate is not None  # export does not finish without one
    return certificate


if __name__ == "__main__":
    main(sys.argv[1:])
