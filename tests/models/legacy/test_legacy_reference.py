"""The reference on legacy models of a few weights: cases worked by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keras_files import (
    architecture,
    keras_h5,
    single_instance_layers,
    training_config,
    weights_of,
    write_model,
)

from sleap_rt.errors import ModelError
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.models.pairs import in_order
from sleap_rt.models.reference import predict_crops, predict_frame
from sleap_rt.options import DecodeOptions


def test_frames_of_another_size_are_brought_to_that_of_the_model(tmp_path: Path) -> None:
    folder = write_model(tmp_path, training_config(input_scaling=0.5))
    (folder / "best_model.h5").write_bytes(_bright_spot_model())
    model = load_legacy_model(folder)
    large, small = np.zeros((32, 48, 1), np.uint8), np.zeros((16, 24, 1), np.uint8)
    large[16:20, 24:28] = 255  # cell (6, 4) of stride 2 at half scale
    small[8:10, 12:14] = 255  # the same place when enlarged
    common = replace(model.preprocessing, max_height=32, max_width=48)
    model = replace(model, preprocessing=common)
    for frame, ratio in ((large, 1), (small, 2)):
        instances = predict_frame(model, frame, DecodeOptions())
        # The spot is symmetric about its cell, so refinement stays there: (6, 4) * 2 / 0.5 + 0.5.
        assert len(instances) == 1
        expected = np.array([[24.5, 16.5]] * 2) / ratio
        np.testing.assert_allclose(instances.points[0], expected, atol=1e-5)
        assert instances.scores[0] == instances.point_scores[0].sum()


def _bright_spot_model(head: str = "SingleInstanceConfmapsHead") -> bytes:
    """Confidence = brightness at stride 2, for both nodes."""
    layers = single_instance_layers()
    layers[1].name = head
    layers[1].weights = {
        "kernel": np.ones((1, 1, 1, 2), np.float32),
        "bias": np.zeros(2, np.float32),
    }
    return keras_h5(architecture(layers, [head]), weights_of(layers))


def test_crops_of_a_scaled_model_are_cut_and_placed_as_the_original_did(tmp_path: Path) -> None:
    config = training_config("centered_instance", {"part_names": ["A", "B"]}, input_scaling=0.5)
    config["data"]["instance_cropping"]["crop_size"] = 8  # px after scaling
    (write_model(tmp_path, config) / "best_model.h5").write_bytes(
        _bright_spot_model("CenteredInstanceConfmapsHead")
    )
    model = load_legacy_model(tmp_path)
    frame = np.zeros((40, 64, 1), np.uint8)
    frame[16:20, 24:28] = 255  # scaled: columns 12, 13 and rows 8, 9
    # The centroid is (13.5, 9.5) scaled: the crop starts at (10, 6), the spot is its cell (1, 1).
    found = predict_crops(model, frame, np.array([[27, 19]], np.float32), DecodeOptions())
    # 1 * 2 / 0.5 + 0.5 in the crop, whose corner the original puts at 27 - 8 / 2 / 0.5.
    np.testing.assert_allclose(found.points, [[[23.5, 15.5]] * 2])
    np.testing.assert_allclose(found.values, [[1, 1]])


def test_nothing_in_the_frame_is_no_instance(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    frame = np.zeros((8, 8, 1), np.uint8)
    instances = predict_frame(load_legacy_model(folder), frame, DecodeOptions())
    assert len(instances) == 0


def test_models_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    model = load_legacy_model(write_model(tmp_path))
    with pytest.raises(ModelError, match="2 single_instance models were given"):
        in_order([model, model])
    with pytest.raises(ModelError, match="No model was given"):
        in_order([])
