"""A model is the same one whether it is exported already or not; retrained, it is another."""

import shutil
from functools import partial

import pytest

from sleap_rt.models.sets import described_set
from sleap_rt.options import NO_OVERRIDES, ModelOverrides, SelectionOptions
from sleap_rt.runtime.model_set import GraphSet, ModelSet
from sleap_rt.runtime.outputs.origin.origin import Origin
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.resolve import ResolvedModels
from sleap_rt.workflows.run_identity.asked import asked_of, made_otherwise

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


def test_results_with_and_without_models_differ_in_one_word():
    by_models = {"models": "abc", "tracking": None, "called": {"models": "m"}}
    by_tracking = {"filters": {}, "tracking": {"max_tracks": 2}}
    differs = partial(made_otherwise, files=None)
    assert differs(Origin(asked=by_tracking), by_models) == [
        "its poses were those of a file, tracked without models"
    ]
    assert differs(Origin(asked=by_models), by_tracking) == ["its poses were predicted by models"]
