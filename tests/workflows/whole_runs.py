"""Whole runs with predictors that open no engine, and what their results are compared by."""

import numpy as np
from fakes import BrightBlocks

from sleap_rt.options import NO_OVERRIDES
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.workflows.planning.plan import plan_prediction
from sleap_rt.workflows.predict import run_plan
from sleap_rt.workflows.resolve import ResolvedModels

N_FRAMES = 23
STACK = np.random.default_rng(0).integers(0, 255, (N_FRAMES, 16, 40, 1)).astype(np.uint8)


def completed(data, options, predictor=None, overrides=NO_OVERRIDES):
    """Plan and run with a predictor that opens no engine."""
    predictor = predictor or BrightBlocks()
    graphs = predictor.models
    models = ResolvedModels(paths=(), overrides=overrides, models=graphs, graphs=graphs)
    with open_input(data, options.selection) as opened:
        return run_plan(plan_prediction(models, opened, options), opened, predictor=predictor)


def content(labels):
    """All that decides whether two results are equal."""
    return [
        (
            frame.frame_idx,
            [
                (
                    instance.numpy(scores=True).tolist(),
                    instance.score,
                    instance.track and instance.track.name,
                    instance.tracking_score,
                )
                for instance in frame.instances
            ],
        )
        for frame in labels.labeled_frames
    ]


def same(one, other):
    assert repr(content(one)) == repr(content(other))  # repr: NaN equals NaN


def folder_of_images(folder):
    """The stack as images in a new folder, which is given back."""
    import cv2

    folder.mkdir()
    for index, image in enumerate(STACK):
        cv2.imwrite(str(folder / f"{index:03}.png"), image)
    return folder
