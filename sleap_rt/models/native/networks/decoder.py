"""What ConvNeXt and Swin share: an encoder of four stages, then middle block and decoder.

The stages of the encoder have strides t, 2t, 4t and 8t (t: stride of the stem), and each gives a
skip connection. A pool leads to the bottleneck at 16t.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.models.native.networks.blocks import DecoderBlock, convs, pool
from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.weights import Weights

N_STAGES = 4
ENCODER = "backbone.enc.features"
_STEM_PADDING = 1


@dataclass(frozen=True, kw_only=True)
class StagedSpec:
    """Topology of a ConvNeXt or Swin network by its configuration.

    Attributes:
        depths: blocks in each of the four stages.
        stem_stride: input px per cell of the first stage (`stem_patch_stride`).
        max_stride: frames are padded to multiples of it, px.
        output_stride: of the finest decoder block.
        convs_per_block: convolutions in the middle block.
        up_interpolate: bilinear upsampling; otherwise transposed convolutions.
    """

    depths: tuple[int, ...]
    stem_stride: int
    max_stride: int
    output_stride: int
    convs_per_block: int
    up_interpolate: bool

    def __post_init__(self) -> None:
        if len(self.depths) != N_STAGES or min(self.depths) < 0:
            raise ModelError(
                f"backbone: depths must be {N_STAGES} block counts, got {list(self.depths)}"
            )
        for name in ("stem_stride", "max_stride", "output_stride"):
            value = getattr(self, name)
            if value < 1 or value & (value - 1):
                raise ModelError(f"backbone: {name} must be a power of two, got {value}")
        if self.convs_per_block < 1:
            raise ModelError(
                f"backbone: convs_per_block must be 1 or more, got {self.convs_per_block}"
            )
        if self.output_stride > min(self.max_stride, self.bottleneck_stride):
            raise ModelError(
                f"backbone: output_stride {self.output_stride} exceeds max_stride "
                f"{self.max_stride} or the bottleneck's stride {self.bottleneck_stride}"
            )

    @property
    def bottleneck_stride(self) -> int:
        return self.stem_stride << N_STAGES

    @property
    def n_decoder_blocks(self) -> int:
        return (self.bottleneck_stride // self.output_stride).bit_length() - 1

    def has_even_sizes(self, stem_kernel: int) -> bool:
        """Whether every halving of a padded frame is exact.

        False for a stem that does not give size / stride cells (it pads by 1 whatever its kernel),
        or if `max_stride` is finer than the bottleneck.
        """
        stem_is_exact = 0 < stem_kernel - 2 * _STEM_PADDING <= self.stem_stride
        return stem_is_exact and self.max_stride % self.bottleneck_stride == 0


def stem_conv(spec: StagedSpec, weights: Weights) -> tuple[nn.Module, int]:
    """The convolution that cuts the image into patches, and its kernel size, px."""
    conv = weights.conv(f"{ENCODER}.0.0", stride=spec.stem_stride, padding=_STEM_PADDING)
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
