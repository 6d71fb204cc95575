"""How long an export takes, step by step, and how large the graphs are.

    python benchmarks/export.py [MODEL|FIRST+SECOND ...] [--data FOLDER] [--other CHECKOUT]

Without models: those of `samples/`, a small ConvNeXt and Swin with seeded weights, and, with
a folder of real models (`native/`, `legacy/`), some of these. Each export runs in a process of its
own, as the command does; the time to start Python and to import PyTorch is given apart. With
another checkout of this project, each model is exported by both in turn, and the ratio is printed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples/models"
PAIRS = "centroid+centered_instance"
REAL = (
    "native/flies_bottomup",
    "native/mice_centroid+native/mice_centered_instance",
    "native/convnext_bottomup",
    "legacy/bottomup",
    "legacy_other/resnet50_centroid",
)
ONE_EXPORT = """
import json, sys, time
started = time.perf_counter()
from pathlib import Path
from sleap_rt.export import export_models
imported = time.perf_counter()
steps = []
def on_step(step):
    if step.seconds is not None:
        steps.append([step.what, step.seconds])
models, folder = [Path(path) for path in sys.argv[1].split('+')], Path(sys.argv[2])
options = {'on_step': on_step} if sys.argv[3] == 'steps' else {}
paths = export_models(models, folder, **options)
ended = time.perf_counter()
import onnx
graphs = [onnx.load(path) for path in paths]
def n_nodes(graph):
    inner = [a.g for node in graph.node for a in node.attribute if a.HasField('g')]
    return len(graph.node) + sum(map(n_nodes, inner))
print(json.dumps({
    'import': imported - started, 'export': ended - imported, 'steps': steps,
    'nodes': [n_nodes(graph.graph) for graph in graphs],
    'bytes': [path.stat().st_size for path in paths],
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--other", type=Path)
    args = parser.parse_args()
    print(
        "| models | import, s | export, s | steps | nodes | size, kB | other, s | ratio |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as made:
        for models in args.models or default_models(Path(made), args.data):
            print(row(models, args.other), flush=True)


def default_models(made: Path, data: Path | None) -> list[str]:
    sys.path[:0] = [str(ROOT), str(ROOT / "tests/models/networks")]
    from model_folders import write_model

    models = [str(SAMPLES / "bottomup"), "+".join(str(SAMPLES / n) for n in PAIRS.split("+"))]
    models += [str(write_model(made / name, name, "bottomup")) for name in ("convnext", "swint")]
    if data is not None:
        models += ["+".join(str(data / name) for name in real.split("+")) for real in REAL]
    return models


def row(models: str, other: Path | None) -> str:
    found = exported(models, ROOT, "steps")
    steps = ", ".join(f"{what} {seconds:.2f}" for what, seconds in found["steps"])
    name = " + ".join(Path(path).name for path in models.split("+"))
    nodes, sizes = (" + ".join(map(str, found[key])) for key in ("nodes", "kilobytes"))
    cells = [name, f"{found['import']:.1f}", f"{found['export']:.1f}", steps, nodes, sizes]
    if other is not None:
        before = exported(models, other, "total")
        nodes, sizes = (" + ".join(map(str, before[key])) for key in ("nodes", "kilobytes"))
        ratio = before["export"] / found["export"]
        cells += [f"{before['export']:.1f} ({nodes} nodes, {sizes} kB)", f"{ratio:.1f}"]
    return f"| {' | '.join(cells)} |"


def exported(models: str, checkout: Path, what: str) -> dict[str, Any]:
    """One export in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", ONE_EXPORT, models, f"{folder}/graphs", what],
            cwd=checkout,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["kilobytes"] = [round(size / 1000) for size in found["bytes"]]
    return found


if __name__ == "__main__":
    main()
