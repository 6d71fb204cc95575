"""A model is the same one whether it is exported already or not; retrained, it is another."""

import shutil

import pytest

from sleap_rt.models.sets import described_set
from sleap_rt.options import NO_OVERRIDES, ModelOverrides, SelectionOptions
from sleap_rt.runtime.model_set import GraphSet, ModelSet
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.resolve import ResolvedModels
from sleap_rt.workflows.run_identity.asked import asked_of

pytestmark = pytest.mark.export


@pytest.fixture
def trained(request):
    return lambda *names: tuple(request.config.rootpath / "samples/models" / n for n in names)


def not_exported(paths, overrides=NO_OVERRIDES):
    models = ModelSet.of(described_set(paths, overrides))
    return ResolvedModels(paths=paths, overrides=overrides, models=models, graphs=None)


def models_of(resolved):
    return asked_of(PredictionOptions(), resolved)["models"]


@pytest.mark.parametrize(
    "names", [("bottomup",), ("centroid", "centered_instance"), ("multi_class_bottomup",)]
)
def test_a_model_and_its_export_are_the_same(trained, sample_graphs, names):
    graphs = GraphSet.read(sample_graphs(*names))
    exported = ResolvedModels(paths=(), overrides=NO_OVERRIDES, models=graphs, graphs=graphs)
    assert models_of(not_exported(trained(*names))) == models_of(exported)


def test_other_weights_or_settings_are_another_model(trained, tmp_path):
    (model,) = trained("bottomup")
    before = models_of(not_exported((model,)))
    assert models_of(not_exported((model,), ModelOverrides(input_scale=0.75))) != before
    shutil.copytree(model, tmp_path / "model")
    assert models_of(not_exported((tmp_path / "model",))) == before
    with (tmp_path / "model/best.ckpt").open("ab") as weights:
        weights.write(b"trained on")
    assert models_of(not_exported((tmp_path / "model",))) != before


def test_very_many_frames_are_told_in_short(trained):
    frames = tuple(range(0, 200_000, 2))
    options = PredictionOptions(selection=SelectionOptions(frames=frames))
    told = asked_of(options, not_exported(trained("bottomup")))["selection"]["frames"]
    assert told.startswith("100000 frames from 0 to 199998: ")
    assert len(told) < 120
