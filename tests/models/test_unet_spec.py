"""Which UNets there are: strides and block counts by hand, and what cannot have been trained."""

from typing import Any

import pytest

from sleap_rt.errors import ModelError
from sleap_rt.models.native.topology import UNetSpec


def unet(**changes: Any) -> UNetSpec:
    values = {
        "max_stride": 16,
        "output_stride": 2,
        "stem_stride": None,
        "convs_per_block": 2,
        "up_interpolate": True,
    }
    return UNetSpec(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "n_encoder", "n_decoder", "bottleneck"),
    [
        ({}, 4, 3, 16),
        ({"output_stride": 1}, 4, 4, 16),
        ({"output_stride": 16}, 4, 0, 16),  # no decoder: heads read the bottleneck
        ({"max_stride": 32}, 5, 4, 32),
        # With a stem the bottleneck is twice as coarse as the configuration says.
        ({"stem_stride": 2}, 3, 4, 32),
        ({"stem_stride": 2, "output_stride": 1}, 3, 5, 32),
        ({"stem_stride": 4, "output_stride": 8}, 2, 3, 32),
        ({"stem_stride": 1}, 4, 3, 16),
    ],
)
def test_blocks_and_strides_by_hand(changes, n_encoder, n_decoder, bottleneck):
    spec = unet(**changes)
    assert spec.n_encoder_blocks == n_encoder
    assert spec.n_decoder_blocks == n_decoder
    assert spec.bottleneck_stride == bottleneck


def test_decoder_layers_are_named_by_their_true_strides():
    assert unet().decoder_name(1).endswith("stack0_dec1_s8_to_s4")
    assert unet(stem_stride=2).decoder_name(0).endswith("stack0_dec0_s32_to_s16")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"middle_block": False}, "middle_block False"),
        ({"stacks": 2}, "stacks 2"),
        ({"convs_per_block": 1}, "convs_per_block 1"),
        ({"max_stride": 24}, "max_stride must be a power of two, got 24"),
        ({"output_stride": 0}, "output_stride must be a power of two, got 0"),
        ({"output_stride": 32}, "output_stride 32 exceeds max_stride 16"),
        ({"stem_stride": 16}, "leaves no encoder block below max_stride 16"),
        ({"stem_stride": 4, "output_stride": 4}, "a skip connection that does not exist"),
        ({"stem_stride": 8, "output_stride": 8}, "a skip connection that does not exist"),
    ],
)
def test_what_cannot_have_been_trained_is_refused(changes, words):
    with pytest.raises(ModelError, match=words):
        unet(**changes)
