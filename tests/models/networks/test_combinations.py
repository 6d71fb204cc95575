"""Every backbone with every head: exported and certified; run at two sizes, batches of 1 and 3."""

import numpy as np
import pytest
from model_folders import BACKBONES, KINDS, write_model
from tolerances import PX, SCORE

from sleap_rt.export import export_models
from sleap_rt.options import EngineOptions
from sleap_rt.runtime import read_graph_file
from sleap_rt.runtime.engines import open_engine

QUICK = {("convnext", "bottomup")}
COMBINATIONS = [
    pytest.param(
        backbone,
        kind,
        marks=[] if (backbone, kind) in QUICK else pytest.mark.slow,
        id=f"{backbone}-{kind}",
    )
    for backbone in BACKBONES
    for kind in KINDS
]


@pytest.mark.parametrize(("backbone", "kind"), COMBINATIONS)
def test_a_graph_is_certified_and_takes_any_size_and_batch(backbone, kind, tmp_path):
    folder = write_model(tmp_path / "model", backbone, kind)
    (graph,) = export_models([folder], tmp_path / "graphs")
    certificate = read_graph_file(graph).contract.certificate
    assert certificate is not None
    assert certificate.n_instances > 0
    engine = open_engine(graph, EngineOptions(device="cpu", threads=1))
    (frames,) = (spec for spec in engine.inputs if spec.name == "frames")
    assert frames.shape == (None, None, None, None)
    rng = np.random.default_rng(5)
    for height, width in ((128, 160), (100, 77)):
        images = rng.integers(0, 256, (3, height, width, 1), dtype=np.uint8)
        together = run(engine, images)
        for i, image in enumerate(images):
            alone = run(engine, image[None])
            for name, expected in alone.items():
                atol = PX if name in ("peaks", "centroids") else SCORE
                actual = together[name][i : i + 1]
                np.testing.assert_allclose(actual, expected, rtol=0, atol=atol, err_msg=name)
    engine.close()


def run(engine, images):
    """The network's raw maps, and the poses in crops; one row per frame."""
    n = len(images)
    centers = np.full((n, 2), 40, np.float32)
    values = {
        "frames": images,
        "centers": centers,
        "frame_index": np.arange(n),
        "slots": np.zeros(1, np.float32),
    }
    feed = {spec.name: values.get(spec.name, np.array(0, np.float32)) for spec in engine.inputs}
    names = {spec.name for spec in engine.outputs}
    wanted = {"confmaps", "pafs", "class_maps", "class_probs"}
    if "centers" in feed:
        wanted |= {"peaks", "peak_vals"}
    elif "class_maps" in names:
        wanted -= {"class_probs"}  # of peaks, of which noise on a map has more or fewer
    return engine.run(feed, sorted(wanted & names))
