"""Swin: windows, attention and patch merging against plain loops; written graphs; refusals."""

import math

import numpy as np
import pytest
import torch
from onnx_runs import assert_written_for_every_size
from seeded_networks import build_tiny, position_index, seeded_tensors, tiny_swin

from sleap_rt.errors import ModelError
from sleap_rt.models.native.networks import Weights
from sleap_rt.models.native.networks.swin import WindowAttention
from sleap_rt.models.native.networks.windows import Windows

ATOL = 1e-5  # values of order 1; float32 against float64

# window, shift, (height, width): whole windows, padding on either axis, one window that covers an
# axis or both, a map smaller than a window, windows of even size.
LAYOUTS = [
    (3, 0, (6, 9)),
    (3, 1, (6, 9)),
    (3, 1, (7, 8)),
    (3, 1, (3, 7)),
    (3, 1, (7, 2)),
    (3, 1, (2, 3)),
    (4, 2, (9, 6)),
    (4, 2, (4, 4)),
    (1, 0, (2, 3)),
    (5, 2, (11, 1)),
]


@pytest.mark.parametrize(("window", "shift", "size"), LAYOUTS)
def test_attention_in_windows_matches_plain_loops(
    window: int, shift: int, size: tuple[int, int]
) -> None:
    channels, n_heads = 4, 2
    tensors = seeded_tensors(
        {
            "attn.qkv.weight": (3 * channels, channels),
            "attn.qkv.bias": (3 * channels,),
            "attn.proj.weight": (channels, channels),
            "attn.proj.bias": (channels,),
            "attn.relative_position_bias_table": ((2 * window - 1) ** 2, n_heads),
        }
    )
    index = {"attn.relative_position_index": position_index(window)}
    attention = WindowAttention(Weights({**tensors, **index}), "attn", window)
    maps = torch.from_numpy(np.random.default_rng(7).standard_normal((2, *size, channels))).float()
    layout = Windows.of_map(*size, size=window, shift=shift, device=maps.device)

    windows = layout.cut(maps.flatten(1, 2))
    actual = layout.join(attention(windows, layout.mask)).reshape(maps.shape)

    values = {key.removeprefix("attn."): tensor.double().numpy() for key, tensor in tensors.items()}
    for one, expected_of in zip(actual, maps.double().numpy(), strict=True):
        expected = attention_by_plain_loops(expected_of, values, window, shift)
        np.testing.assert_allclose(one.numpy(), expected, atol=ATOL)


def attention_by_plain_loops(
    plane: np.ndarray, values: dict[str, np.ndarray], window: int, shift: int
) -> np.ndarray:
    """Shifted-window attention on one (height, width, channels) plane, cell by cell."""
    height, width, channels = plane.shape
    table = values["relative_position_bias_table"]
    n_heads = table.shape[1]
    per_head = channels // n_heads
    padded = np.zeros(
        (math.ceil(height / window) * window, math.ceil(width / window) * window, channels)
    )
    padded[:height, :width] = plane
    shifts = [0 if window >= length else shift for length in padded.shape[:2]]
    rolled = np.roll(padded, (-shifts[0], -shifts[1]), axis=(0, 1))
    result = np.zeros_like(rolled)
    for top in range(0, rolled.shape[0], window):
        for left in range(0, rolled.shape[1], window):
            cells = [(top + r, left + c) for r in range(window) for c in range(window)]
            qkv = [
                values["qkv.weight"] @ rolled[cell] + values["qkv.bias"] for cell in cells
            ]  # q, k, v of all heads one after the other
            for at, (row, col) in enumerate(cells):
                attended = np.zeros(channels)
                for head in range(n_heads):
                    part = slice(head * per_head, (head + 1) * per_head)
                    query = qkv[at][:channels][part] / math.sqrt(per_head)
                    scores = []
                    for other, (row2, col2) in enumerate(cells):
                        score = query @ qkv[other][channels : 2 * channels][part]
                        down, right = row - row2 + window - 1, col - col2 + window - 1
                        score += table[down * (2 * window - 1) + right, head]
                        if _region((row, col), rolled.shape, window, shifts) != _region(
                            (row2, col2), rolled.shape, window, shifts
                        ):
                            score -= 100
                        scores.append(score)
                    weights = np.exp(np.array(scores) - max(scores))
                    weights /= weights.sum()
                    for other, weight in enumerate(weights):
                        attended[part] += weight * qkv[other][2 * channels :][part]
                result[row, col] = values["proj.weight"] @ attended + values["proj.bias"]
    return np.roll(result, shifts, axis=(0, 1))[:height, :width]


def _region(
    cell: tuple[int, int], shape: tuple[int, ...], window: int, shifts: list[int]
) -> tuple[int, ...]:
    """The part of the plane that came from one place: [0:-window], [-window:-shift], [-shift:]."""
    if not any(shifts):
        return (0, 0)
    found = []
    for position, length, shift in zip(cell, shape[:2], shifts, strict=True):
        if shift == 0 or position >= length - shift:  # without a shift, [-0:] is everything
            found.append(2)
        else:
            found.append(0 if position < length - window else 1)
    return tuple(found)


@pytest.mark.parametrize(("height", "width"), [(48, 80), (16, 32), (80, 16)])
def test_merging_pads_odd_maps_with_zeros(height: int, width: int) -> None:
    """With max_stride 16 and a stem of stride 2, the third merging meets odd sizes."""
    config, tensors = tiny_swin(max_stride=16, output_stride=2)
    merge = build_tiny(config, tensors).get_submodule("backbone.merges.2")
    rows, cols = height // 8, width // 8
    channels = 16
    maps = np.random.default_rng(3).standard_normal((1, rows, cols, channels)).astype(np.float32)

    actual = merge(torch.from_numpy(maps))[0].numpy()

    name = "backbone.enc.features.6"
    padded = np.zeros((rows + rows % 2, cols + cols % 2, channels))
    padded[:rows, :cols] = maps[0]
    assert actual.shape == (padded.shape[0] // 2, padded.shape[1] // 2, 2 * channels)
    for row in range(actual.shape[0]):
        for col in range(actual.shape[1]):
            cell = padded[2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
            joined = np.concatenate([cell[0, 0], cell[1, 0], cell[0, 1], cell[1, 1]])
            normed = (joined - joined.mean()) / np.sqrt(joined.var() + 1e-5)
            normed = normed * tensors[f"{name}.norm.weight"].numpy()
            normed += tensors[f"{name}.norm.bias"].numpy()
            expected = tensors[f"{name}.reduction.weight"].numpy() @ normed
            np.testing.assert_allclose(actual[row, col], expected, atol=ATOL)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # A stem that yields one column less, and a padding unit finer than the bottleneck.
        {"max_stride": 16, "up_interpolate": False, "window_size": 4, "patch_size": 5},
    ],
    ids=["even_sizes", "odd_sizes"],
)
def test_a_written_graph_holds_for_every_size(changes: dict[str, object]) -> None:
    few_blocks = {"embed": 4, "depths": [2, 0, 0, 0], "num_heads": [1, 2, 2, 4]}
    config, tensors = tiny_swin(arch=few_blocks, **changes)
    network = build_tiny(config, tensors)
    shapes = [(1, 1, 32, 32), (3, 1, 96, 64), (2, 1, 64, 224)]
    assert_written_for_every_size(network, config["swint"]["max_stride"], shapes)


def test_every_frame_of_a_batch_is_treated_alone() -> None:
    network = build_tiny(*tiny_swin())
    images = torch.from_numpy(np.random.default_rng(5).random((3, 1, 64, 96), np.float32))
    together = network(images)["confmaps"]
    alone = torch.cat([network(image[None])["confmaps"] for image in images])
    np.testing.assert_allclose(together.numpy(), alone.numpy(), atol=ATOL)


def test_another_window_size_than_the_checkpoint_s_is_refused() -> None:
    config, tensors = tiny_swin()
    config["swint"]["window_size"] = 7
    with pytest.raises(ModelError, match=r"window_size 7.* has 25 rows where 169 were expected"):
        build_tiny(config, tensors)


def test_an_index_of_other_positions_is_refused() -> None:
    config, tensors = tiny_swin()
    key = "backbone.enc.features.1.1.attn.relative_position_index"
    tensors[key] = tensors[key].flip(0)
    with pytest.raises(ModelError, match=r"features\.1\.1\.attn` was not made for"):
        build_tiny(config, tensors)


def test_heads_that_cannot_share_the_channels_are_refused() -> None:
    config, tensors = tiny_swin()
    table = "backbone.enc.features.1.0.attn.relative_position_bias_table"
    tensors[table] = torch.zeros(25, 3)
    with pytest.raises(ModelError, match="has 4 channels, which 3 heads cannot share"):
        build_tiny(config, tensors)
