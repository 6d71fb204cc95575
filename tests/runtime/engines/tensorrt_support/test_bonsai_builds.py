"""Graphs for Bonsai.Sleap, which runs them in TensorRT too, become engines."""

from pathlib import Path

import pytest

from sleap_rt.options import DecodeOptions, ExportOptions
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.workflows.export import export_models

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[4]
SETS = (
    ("single_instance",),
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
)


@pytest.mark.parametrize("names", SETS)
def test_a_graph_for_bonsai_becomes_an_engine(
    rtx: TensorRT, names: tuple[str, ...], tmp_path: Path
) -> None:
    """With the images alone as input, of one size; batches of one to four."""
    models = [ROOT / "samples/models" / name for name in names]
    options = ExportOptions(
        format="bonsai", frame_size=(211, 150), decode=DecodeOptions(max_instances=3)
    )
    graph = export_models(models, tmp_path, options=options)[0].path
    api = rtx.api
    logger = api.Logger(api.Logger.ERROR)
    builder = api.Builder(logger)
    network = builder.create_network(1 << int(api.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = api.OnnxParser(network, logger)
    errors = (
        []
        if parser.parse_from_file(str(graph))
        else [parser.get_error(i).desc() for i in range(parser.num_errors)]
    )
    assert not errors
    assert [network.get_input(i).name for i in range(network.num_inputs)] == ["image"]
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(api.ComputeCapability.SM86, 0)
    profile = builder.create_optimization_profile()
    profile.set_shape("image", (1, 1, 150, 211), (2, 1, 150, 211), (4, 1, 150, 211))
    config.add_optimization_profile(profile)
    assert builder.build_serialized_network(network, config) is not None
