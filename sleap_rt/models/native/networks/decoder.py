"""What ConvNeXt and Swin share: an encoder of four stages, then middle block and decoder.

The stages of the encoder have strides t, 2t, 4t and 8t (t: stride of the stem), and each gives a
skip connection. A pool leads to the bottleneck at 16t.
"""

from collections.abc import Sequence

import torch
from torch import nn

from sleap_rt.models.native.networks.blocks import DecoderBlock, convs, pool
from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.weights import Weights
from sleap_rt.models.native.topology import N_STAGES, STEM_PADDING, StagedSpec

ENCODER = "backbone.enc.features"


def stem_conv(spec: StagedSpec, weights: Weights) -> tuple[nn.Module, int]:
    """The convolution that cuts the image into patches, and its kernel size, px."""
    conv = weights.conv(f"{ENCODER}.0.0", stride=spec.stem_patch_stride, padding=STEM_PADDING)
    return conv, weights.take(f"{ENCODER}.0.0.weight").shape[-1]


class StagedDecoder(nn.Module):
    """Turns the last stage's maps and the skips of all stages into `Features`.

    Args:
        spec: topology.
        weights: the checkpoint's tensors.
        even_sizes: every halving in the encoder was exact, so that doubling restores the sizes.
    """

    def __init__(self, spec: StagedSpec, weights: Weights, *, even_sizes: bool) -> None:
        super().__init__()
        self.spec = spec
        n_expand = spec.convs_per_block - 1
        # Swin models carry the same names here.
        self.expand = convs(
            weights, "backbone.middle_blocks.0.blocks.convnext_middle_expand_conv", n_expand
        )
        contract = 1 if n_expand else 0  # without convolutions the expanding block does not exist
        self.contract = convs(
            weights, f"backbone.middle_blocks.{contract}.blocks.convnext_middle_contract_conv", 1
        )
        self.blocks = nn.ModuleList(
            DecoderBlock(
                weights,
                _block_name(spec, block),
                up_interpolate=spec.up_interpolate,
                n_convs=2 if block < N_STAGES else 1,
                may_differ_in_size=not even_sizes,
            )
            for block in range(spec.n_decoder_blocks)
        )

    def forward(self, x: torch.Tensor, skips: Sequence[torch.Tensor]) -> Features:
        x = self.contract(self.expand(pool(x)))
        features = Features(bottleneck=x)
        stride = self.spec.bottleneck_stride
        for index, block in enumerate(self.blocks):
            x = block(x, skips[-1 - index] if index < len(skips) else None)
            stride //= 2
            features.by_stride[stride] = x
        return features


def _block_name(spec: StagedSpec, block: int) -> str:
    stride = spec.bottleneck_stride >> block
    return f"backbone.dec.decoder_stack.{block}.blocks.dec{block}_s{stride}_to_s{stride // 2}"
