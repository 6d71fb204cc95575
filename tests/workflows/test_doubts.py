"""Likely mistakes are told before a run, and that nothing was found after it."""

from dataclasses import replace

import numpy as np
import pytest

import sleap_rt
from sleap_rt.options import NO_OVERRIDES, DecodeOptions, FilterOptions
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.skeleton import Skeleton
from sleap_rt.workflows.planning.doubts import doubts
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import plan_prediction
from sleap_rt.workflows.resolve import ResolvedModels

MODELS = {"bottomup": ("bottomup",), "pair": ("centroid", "centered_instance")}
SIZE = (250, 324)  # of the sample models' training, height and width


@pytest.fixture
def told(sample_graphs):
    """`told(models, shape of a frame, **options)`: the doubts."""

    def told(models="bottomup", shape=(*SIZE, 1), **given):
        graphs = GraphSet.read(sample_graphs(*MODELS[models]))
        resolved = ResolvedModels(paths=(), overrides=NO_OVERRIDES, models=graphs, graphs=graphs)
        options = PredictionOptions(**given)
        with open_input(np.zeros((1, *shape), np.uint8), options.selection) as opened:
            return doubts(plan_prediction(resolved, opened, options), opened)

    return told


def test_a_usual_run_raises_none(told):
    assert told() == told("pair") == []


@pytest.mark.parametrize(
    ("models", "given", "words"),
    [
        ("bottomup", {"decode": DecodeOptions(peak_threshold=2)}, "peak_threshold 2: hardly"),
        ("bottomup", {"decode": DecodeOptions(min_line_scores=1.1)}, "min_line_scores 1.1: hardly"),
        ("bottomup", {"decode": DecodeOptions(min_instance_peaks=8)}, "reaches more than 7"),
        ("pair", {"decode": DecodeOptions(centroid_peak_threshold=1.5)}, "centroid_peak_threshold"),
        ("pair", {"filters": FilterOptions(filter_min_mean_node_score=2)}, "filter_min_mean_node"),
        (
            "pair",
            {"filters": FilterOptions(filter_min_visible_nodes=8)},
            "filter_min_visible_nodes",
        ),
    ],
)
def test_limits_out_of_reach(told, models, given, words):
    (found,) = told(models, **given)
    assert words in found


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((500, 648, 1), "frames are 648 x 500 px, those of the training at most 324 x 250"),
        ((100, 120, 1), "frames are 120 x 100 px"),
        ((*SIZE, 3), "frames are in colour, and the model was trained on gray ones"),
    ],
)
def test_frames_unlike_those_of_the_training(told, shape, words):
    (found,) = told(shape=shape)
    assert words in found


def test_frames_of_nearly_that_size_raise_none(told):
    assert not told(shape=(270, 300, 1))


def test_that_nothing_was_found_is_said(sample_graphs, request, caplog):
    clip = request.config.rootpath / "samples/crawlers.mp4"
    graphs = sample_graphs("bottomup")
    sleap_rt.run_inference(clip, model_paths=graphs, frames=[0, 1], peak_threshold=2)
    before, after = caplog.messages
    assert before == "peak_threshold 2: hardly anything reaches more than 1"
    assert after == "nothing was found in 2 frames: peak_threshold 2 lets nothing pass"
    caplog.clear()
    sleap_rt.run_inference(clip, model_paths=graphs, frames=[0, 1], peak_threshold=1)
    (after,) = caplog.messages
    assert after.startswith("nothing was found in 2 frames; check that the model")


@pytest.mark.parametrize(
    ("given", "limit", "why"),
    [
        ({"filter_min_visible_nodes": 99}, "filter_min_visible_nodes 99", "hardly anything"),
        (
            {"tracking": True, "min_new_track_points": 99},
            "min_new_track_points 99",
            "hardly anything reaches more than 7",
        ),
        ({"max_edge_length_ratio": 0}, "max_edge_length_ratio 0", "every edge is too long"),
    ],
)
def test_a_limit_that_no_instance_can_pass_is_named(
    given, limit, why, sample_graphs, request, caplog
):
    clip = request.config.rootpath / "samples/crawlers.mp4"
    graphs = sample_graphs("bottomup")
    sleap_rt.run_inference(clip, model_paths=graphs, frames=[0, 1], **given)
    assert caplog.messages[0].startswith(f"{limit}: {why}")
    assert caplog.messages[-1] == f"nothing was found in 2 frames: {limit} lets nothing pass"


def test_models_of_two_projects_raise_one(told, monkeypatch):
    others = Skeleton("other", ("a", "b"), ())
    read = GraphSet.read
    monkeypatch.setattr(GraphSet, "read", lambda paths: _with_skeleton(read(paths), others))
    (found,) = told("pair")
    assert found.startswith("the centroid model was trained on animals of 2 nodes (a, b), the crop")
    assert "others, of 7 nodes (nose, head, thorax, abdomen, ...): check" in found


def _with_skeleton(graphs, skeleton):
    first, last = graphs.contracts
    return replace(graphs, contracts=(replace(first, skeleton=skeleton), last))
