"""The reference pipeline's arithmetic: cases worked by hand, and plain loops."""

import math
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

from sleap_rt.errors import DataError, ModelError
from sleap_rt.models.legacy import load_legacy_model
from sleap_rt.models.legacy.reference import predict
from sleap_rt.models.legacy.reference.crops import cut_crops, scaled_frame
from sleap_rt.models.legacy.reference.frames import (
    fit_to,
    match_size,
    network_input,
    resize,
    scaled_size,
    to_channels,
)
from sleap_rt.models.legacy.reference.grouping import (
    Candidates,
    LineScoring,
    assemble,
    edges_in_assembly_order,
    match_candidates,
    score_candidates,
)
from sleap_rt.models.legacy.reference.identity import (
    assign_by_node,
    assign_classes,
    class_probs_at,
)
from sleap_rt.models.legacy.reference.peaks import Peaks, global_peaks, local_peaks, refine
from sleap_rt.models.legacy.reference.stages import points_in_crops, unscaled

RNG = np.random.default_rng(11)


# Frames


def test_gray_is_rounded_the_way_tensorflow_does() -> None:
    # 0.2989 * 10 + 0.587 * 20 + 0.114 * 30 = 18.149; / 255 * 255.5 = 18.18
    # 0.2989 * 200 + 0.587 * 100 + 0.114 * 204 = 141.736; * 255.5 / 255 = 142.01, not 141
    rgb = np.array([[[10, 20, 30], [200, 100, 204]]], np.uint8)
    np.testing.assert_array_equal(to_channels(rgb, 1), [[[18], [142]]])


def test_white_stays_white_and_gray_is_repeated() -> None:
    white = np.full((1, 1, 3), 255, np.uint8)
    assert to_channels(white, 1).item() == 255
    np.testing.assert_array_equal(to_channels(np.array([[[7]]], np.uint8), 3), [[[7, 7, 7]]])


def test_frames_with_other_channels_are_refused() -> None:
    with pytest.raises(DataError, match="2 channels"):
        to_channels(np.zeros((4, 4, 2), np.uint8), 1)


def _resize_by_loops(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    def ends(i: int, n_in: int, n_out: int) -> tuple[int, int, float]:
        at = (i + 0.5) * n_in / n_out - 0.5
        low = math.floor(at)
        return max(low, 0), min(low + 1, n_in - 1), at - low

    result = np.zeros((*size, image.shape[2]))
    for i in range(size[0]):
        top, bottom, v = ends(i, image.shape[0], size[0])
        for j in range(size[1]):
            left, right, u = ends(j, image.shape[1], size[1])
            upper = image[top, left] * (1 - u) + image[top, right] * u
            lower = image[bottom, left] * (1 - u) + image[bottom, right] * u
            result[i, j] = upper * (1 - v) + lower * v
    return result


@pytest.mark.parametrize("size", [(4, 3), (8, 6), (5, 9), (16, 18), (1, 1)])
def test_resize_matches_plain_loops(size: tuple[int, int]) -> None:
    image = RNG.random((8, 6, 2)).astype(np.float32)
    np.testing.assert_allclose(resize(image, size), _resize_by_loops(image, size), atol=2e-6)


def test_shrinking_does_not_antialias() -> None:
    stripes = np.tile(np.array([0.0, 1.0, 0.0, 0.0], np.float32), 4).reshape(1, 16, 1)
    quarter = resize(np.repeat(stripes, 4, axis=0), (1, 4))
    np.testing.assert_array_equal(quarter.ravel(), [0.5] * 4)  # pixels 1 and 2 only


def test_size_matching_enlarges_pads_and_truncates() -> None:
    frame = np.full((4, 10, 1), 9, np.uint8)
    image, ratio = match_size(frame, 12, 15)
    assert ratio == 1.5  # the width limits
    assert image.shape == (12, 15, 1)
    assert (image[:6] == 9).all()
    assert (image[6:] == 0).all()
    image, ratio = match_size(frame, 3, 20)
    assert (
        ratio == 0.75
    )  # the height limits; int(10 * 0.75) = 7 columns, then 4 / (10 / 7) = 2 rows
    assert (image[:2, :7] == 9).all()
    assert image.sum() == 2 * 7 * 9


@pytest.mark.parametrize(
    ("size", "target", "ratio", "resized", "origin"),
    [  # recorded from TensorFlow 2.15, run as the original runs it, on white frames
        ((530, 157), (205, 123), 0.38679245, (202, 60), (1, 0)),
        ((345, 1238), (1009, 1377), 1.1122779, (383, 1374), (0, 1)),
        ((720, 1280), (512, 512), 0.4, (288, 512), (0, 0)),
        ((1080, 1920), (768, 1024), 0.53333336, (576, 1024), (0, 0)),
        ((1024, 1280), (1200, 1200), 0.9375, (959, 1199), (0, 0)),
        ((294, 147), (98, 49), 0.33333334, (98, 49), (0, 0)),
        ((147, 98), (49, 49), 0.33333334, (48, 32), (0, 0)),  # 49 / 3 and 147 / 3 in float32
    ],
)
def test_size_matching_as_tensorflow_does_it(size, target, ratio, resized, origin) -> None:
    fit = fit_to(*size, *target)
    assert (np.float32(fit.ratio), fit.resized, fit.origin) == (np.float32(ratio), resized, origin)


def test_a_frame_of_the_target_size_is_left_alone() -> None:
    frame = RNG.integers(0, 255, (4, 5, 3), np.uint8)
    image, ratio = match_size(frame, 4, 5)
    assert image is frame
    assert ratio == 1.0


def test_scaled_sizes_are_truncated_in_float32() -> None:
    assert scaled_size(101, 99, 0.5) == (50, 49)
    assert scaled_size(100, 50, 0.29) == (29, 14)  # 28.999999999999996 in float64


def test_network_input_is_scaled_padded_and_in_unit_range() -> None:
    image = np.full((10, 13, 1), 255, np.uint8)
    x = network_input(image, input_scale=0.5, pad_stride=4)
    assert x.shape == (1, 1, 8, 8)
    np.testing.assert_array_equal(x[0, 0, :5, :6], 1)
    assert x.sum() == 30


# Crops


def _crop_by_loops(image: np.ndarray, center: tuple[float, float], size: int) -> np.ndarray:
    height, width = image.shape[:2]
    crop = np.zeros((size, size, image.shape[2]))
    for i in range(size):
        for j in range(size):
            y, x = center[1] - (size - 1) / 2 + i, center[0] - (size - 1) / 2 + j
            if not (0 <= y <= height - 1 and 0 <= x <= width - 1):
                continue
            top, left = math.floor(y), math.floor(x)
            for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
                weight = (1 - abs(y - row)) * (1 - abs(x - column))
                if weight > 0:
                    crop[i, j] += weight * image[row, column]
    return np.trunc(crop)


@pytest.mark.parametrize("size", [4, 5])
@pytest.mark.parametrize(
    "center", [(6.0, 5.0), (6.5, 5.5), (5.25, 4.75), (0.25, 0.5), (11.5, 8.75), (40.0, -9.0)]
)
def test_crops_match_plain_loops(center: tuple[float, float], size: int) -> None:
    image = RNG.integers(0, 255, (10, 12, 2), np.uint8)
    (crop,) = cut_crops(image, np.array([center], np.float32), size)
    np.testing.assert_array_equal(crop, _crop_by_loops(image, center, size))


def test_a_crop_is_zero_at_once_beyond_the_last_pixel() -> None:
    image = np.full((4, 4, 1), 200, np.uint8)
    (crop,) = cut_crops(image, np.array([[3.25, 1.5]], np.float32), 2)  # columns 2.75 and 3.75
    np.testing.assert_array_equal(crop[..., 0], [[200, 0], [200, 0]])


def test_the_frame_of_a_scaled_instance_model_is_truncated_to_bytes() -> None:
    image = np.array([[[0], [1], [2], [5]]] * 2, np.uint8)
    np.testing.assert_array_equal(scaled_frame(image, 0.5)[..., 0], [[0, 3]])  # 0.5, 3.5
    assert scaled_frame(image, 1.0) is image


# Peaks


def test_local_peaks_are_strict_and_in_raster_order() -> None:
    maps = np.zeros((2, 5, 6), np.float32)
    maps[0, 3, 4] = 0.9
    maps[1, 0, 0] = 0.5  # corners can be peaks
    maps[1, 3, 4] = 0.3
    maps[0, 1, 1] = maps[0, 1, 2] = 0.8  # a plateau is none
    maps[1, 4, 0] = 0.2  # at the threshold is not above it
    found = local_peaks(maps, 0.2)
    np.testing.assert_array_equal(found.cells, [[0, 0], [4, 3], [4, 3]])
    np.testing.assert_array_equal(found.channels, [1, 0, 1])
    np.testing.assert_array_equal(found.vals, np.array([0.5, 0.9, 0.3], np.float32))


def test_global_peaks_find_row_and_column_apart() -> None:
    maps = np.zeros((2, 4, 6), np.float32)
    maps[0, 2, 5] = 0.7
    maps[1, 1, 5] = maps[1, 3, 2] = 0.4  # tied: first row and first column of any maximum
    found = global_peaks(maps)
    np.testing.assert_array_equal(found.cells, [[5, 2], [2, 1]])
    assert found.vals[0] == np.float32(0.7)


def test_integral_refinement_is_the_center_of_mass_with_zeros_outside() -> None:
    maps = np.zeros((1, 6, 7), np.float32)
    maps[0, 0, 3], maps[0, 0, 4], maps[0, 2, 3] = 0.5, 0.25, 0.25
    peaks = Peaks(np.array([[3, 0]]), maps[0, 0, 3:4], np.array([0]))
    np.testing.assert_allclose(refine(peaks, maps, None), [[3.25, 0.5]])


def test_offsets_replace_integral_refinement() -> None:
    maps, offsets = np.ones((2, 4, 4), np.float32), np.zeros((4, 4, 4), np.float32)
    offsets[2, 3, 1], offsets[3, 3, 1] = 0.75, -1.5  # dx, dy of node 1 at row 3, column 1
    peaks = Peaks(np.array([[1, 3]]), np.ones(1, np.float32), np.array([1]))
    np.testing.assert_array_equal(refine(peaks, maps, offsets), [[1.75, 1.5]])


def test_no_peaks_at_all() -> None:
    none = local_peaks(np.zeros((2, 4, 4), np.float32), 0.2)
    assert refine(none, np.zeros((2, 4, 4), np.float32), None).shape == (0, 2)


def test_half_a_pixel_is_added_only_where_the_input_is_scaled() -> None:
    points = np.array([[8.0, 4.0]], np.float32)
    np.testing.assert_array_equal(unscaled(points, 1.0), points)
    np.testing.assert_array_equal(unscaled(points, 0.5), [[16.5, 8.5]])
    np.testing.assert_array_equal(unscaled(points, 0.25), [[32.5, 16.5]])


# Grouping


def _field(height: int = 8, width: int = 8) -> np.ndarray:
    """One edge, everywhere pointing right with strength 0.8."""
    pafs = np.zeros((2, height, width), np.float32)
    pafs[0] = 0.8
    return pafs


def test_lines_along_the_field_score_its_strength_and_long_ones_less() -> None:
    # Fields of 8 x 8 cells of 4 px: free length 0.25 * 8 * 4 = 8 px.
    points = np.array([[0, 0], [8, 0], [16, 0], [0, 8]], np.float32)
    found = score_candidates(
        _field(), points, np.array([0, 1, 1, 1]), [(0, 1)], stride=4, scoring=LineScoring()
    )
    np.testing.assert_array_equal(found.peaks, [[0, 1], [0, 2], [0, 3]])
    # Along and free; along, but twice as long: 8 / 16 - 1; across the field.
    np.testing.assert_allclose(found.scores, [0.8, 0.3, 0.0], atol=1e-6)


def test_the_number_of_channels_counts_as_an_axis_of_the_free_length() -> None:
    pafs = np.zeros((40, 8, 8), np.float32)
    pafs[0] = 0.8
    edges = [(0, 1)] + [(0, 2)] * 19
    found = score_candidates(
        pafs,
        np.array([[0, 0], [28, 0]], np.float32),
        np.array([0, 1]),
        edges,
        stride=4,
        scoring=LineScoring(),
    )
    np.testing.assert_allclose(found.scores, [0.8], atol=1e-6)  # free: 0.25 * 40 * 4 = 40 px


def test_cells_are_rounded_half_to_even_and_clipped() -> None:
    pafs = np.zeros((2, 1, 4), np.float32)
    pafs[0] = [1, 2, 4, 8]
    # From x = 2 to 38 in 10 samples of 4 px: cells 0.5, 1.5, 2.5, 3.5, 4.5 ... -> 0, 2, 2, 3, 3 ...
    found = score_candidates(
        pafs,
        np.array([[2, 0], [38, 0]], np.float32),
        np.array([0, 1]),
        [(0, 1)],
        stride=4,
        scoring=LineScoring(dist_penalty_weight=0.0),
    )
    np.testing.assert_allclose(found.scores, [(1 + 4 + 4 + 7 * 8) / 10], rtol=1e-6)


def test_two_peaks_at_one_place_are_no_error() -> None:
    found = score_candidates(
        _field(),
        np.array([[4, 4], [4, 4]], np.float32),
        np.array([0, 1]),
        [(0, 1)],
        stride=4,
        scoring=LineScoring(),
    )
    np.testing.assert_array_equal(found.scores, [0])


def test_matching_is_best_overall_and_drops_weak_lines() -> None:
    peaks = np.array([[0, 2], [0, 3], [1, 2], [1, 3]])
    scores = np.array([0.9, 0.8, 0.7, 0.1], np.float32)  # 0.8 + 0.7 beats 0.9 + 0.1
    found = match_candidates(Candidates(np.zeros(4, np.int64), peaks, scores), 1, 0.75)
    np.testing.assert_array_equal(found.peaks, [[0, 3]])
    exactly = match_candidates(Candidates(np.zeros(4, np.int64), peaks, scores), 1, scores[2])
    np.testing.assert_array_equal(exactly.peaks, [[0, 3], [1, 2]])


def test_edges_are_walked_breadth_first_from_the_root() -> None:
    # 2 is the root; 0 hangs on 1, which hangs on 2, as does 3.
    assert edges_in_assembly_order([(1, 0), (2, 1), (2, 3)]) == [1, 2, 0]
    # A second way to node 0 is not used.
    assert edges_in_assembly_order([(2, 1), (2, 0), (1, 0)]) == [0, 1]


@pytest.mark.parametrize("edges", [[], [(0, 1), (1, 0)], [(2, 0), (0, 1), (1, 0)]])
def test_edges_that_form_no_tree_are_refused(edges: list[tuple[int, int]]) -> None:
    with pytest.raises(ModelError, match="form no tree"):
        edges_in_assembly_order(edges)


def test_assembly_joins_along_the_tree_and_sums_scores() -> None:
    # Nodes 0 - 1 - 2. Peaks: 0, 1 of node 0; 2, 3 of node 1; 4, 5, 6 of node 2 (6 alone).
    matches = Candidates(
        np.array([0, 1, 1]), np.array([[0, 3], [2, 4], [3, 5]]), np.array([0.5, 0.75, 1.0])
    )
    groups = assemble(matches, [(0, 1), (1, 2)], 3)
    np.testing.assert_array_equal(groups.peaks, [[0, 3, 5], [-1, 2, 4]])
    np.testing.assert_allclose(groups.scores, [1.5, 0.75])


# Identities


def test_nobody_gets_a_second_choice() -> None:
    probs = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    assert assign_classes(probs) == [(0, 0)]
    assert assign_classes(np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)) == [(1, 0), (0, 1)]


def test_classes_are_assigned_node_by_node() -> None:
    probs = np.array([[0.9, 0.1], [0.2, 0.7], [0.3, 0.6]], np.float32)
    peaks = assign_by_node(probs, np.array([0, 0, 1]), n_nodes=2)
    np.testing.assert_array_equal(peaks, [[0, -1], [1, 2]])


def test_class_maps_are_read_at_the_nearest_cell() -> None:
    maps = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    points = np.array([[5.0, 3.0], [3.0, 2.9], [99.0, 0.0]], np.float32)  # cells (2, 2), (2, 1)
    np.testing.assert_array_equal(class_probs_at(maps, points, stride=2), [[10], [6], [3]])


# Whole


def test_frames_of_several_sizes_share_one(tmp_path: Path) -> None:
    folder = write_model(tmp_path, training_config(input_scaling=0.5))
    (folder / "best_model.h5").write_bytes(_bright_spot_model())
    model = load_legacy_model(folder)
    large, small = np.zeros((32, 48, 1), np.uint8), np.zeros((16, 24, 1), np.uint8)
    large[16:20, 24:28] = 255  # cell (6, 4) of stride 2 at half scale
    small[8:10, 12:14] = 255  # the same place when enlarged
    for instances, ratio in zip(predict([model], [large, small]), (1, 2), strict=True):
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
    found = points_in_crops(model, frame, np.array([[27, 19]], np.float32), 0.2)
    # 1 * 2 / 0.5 + 0.5 in the crop, whose corner the original puts at 27 - 8 / 2 / 0.5.
    np.testing.assert_allclose(found.points, [[[23.5, 15.5]] * 2])
    np.testing.assert_allclose(found.vals, [[1, 1]])


def test_nothing_in_the_frame_is_no_instance(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    (instances,) = predict([load_legacy_model(folder)], [np.zeros((8, 8, 1), np.uint8)])
    assert len(instances) == 0


def test_models_that_do_not_belong_together_are_refused(
    tmp_path: Path,
) -> None:
    model = load_legacy_model(write_model(tmp_path))
    frame = np.zeros((8, 8, 1), np.uint8)
    with pytest.raises(ModelError, match=r"single_instance \+ single_instance is no complete"):
        predict([model, model], [frame])
    with pytest.raises(ModelError, match="no model is no complete pipeline"):
        predict([], [frame])
