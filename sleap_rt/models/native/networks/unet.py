"""The UNet of sleap-nn: stem, encoder, middle block, decoder with skips."""

from dataclasses import dataclass

import torch
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.models.native.networks.blocks import DecoderBlock, convs, pool
from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.weights import Weights


@dataclass(frozen=True, kw_only=True)
class UNetSpec:
    """Topology of a UNet by its configuration; the checkpoint has widths.

    Attributes:
        max_stride: frame px per bottleneck cell without a stem; frames are padded to multiples.
        output_stride: stride of the finest decoder block.
        stem_stride: total stride of the 7x7 stem; None without one.
        convs_per_block: convolutions in an encoder block.
        up_interpolate: bilinear upsampling; otherwise transposed convolutions.
        middle_block: only True exists in trained models.
        stacks: only 1 exists in trained models.
    """

    max_stride: int
    output_stride: int
    stem_stride: int | None
    convs_per_block: int
    up_interpolate: bool
    middle_block: bool = True
    stacks: int = 1

    def __post_init__(self) -> None:
        for name in ("max_stride", "output_stride", "stem_stride"):
            value = getattr(self, name)
            if value is not None and (value < 1 or value & (value - 1)):
                raise ModelError(f"backbone: {name} must be a power of two, got {value}")
        if not self.middle_block or self.stacks != 1 or self.convs_per_block < 2:
            raise ModelError(
                "backbone: only UNets with middle_block true, stacks 1 and convs_per_block of 2 or "
                f"more can be trained; got middle_block {self.middle_block}, stacks {self.stacks}, "
                f"convs_per_block {self.convs_per_block}"
            )
        if self.output_stride > self.max_stride:
            raise ModelError(
                f"backbone: output_stride {self.output_stride} exceeds max_stride {self.max_stride}"
            )
        if self.n_encoder_blocks < 1:
            raise ModelError(
                f"backbone: stem_stride {self.stem_stride} leaves no encoder block below "
                f"max_stride {self.max_stride}; it may be at most {self.max_stride // 2}"
            )
        if self.n_stem_blocks > 1 and self.output_stride < 2 ** (2 * self.n_stem_blocks - 1):
            raise ModelError(
                f"backbone: stem_stride {self.stem_stride} with output_stride "
                f"{self.output_stride} needs a skip connection that does not exist"
            )

    @property
    def n_stem_blocks(self) -> int:
        return (self.stem_stride or 1).bit_length() - 1

    @property
    def n_encoder_blocks(self) -> int:
        return self.max_stride.bit_length() - 1 - self.n_stem_blocks

    @property
    def n_decoder_blocks(self) -> int:
        return (self.max_stride // self.output_stride).bit_length() - 1 + self.n_stem_blocks

    @property
    def bottleneck_stride(self) -> int:
        """Input px per cell; twice `max_stride` with a stem, since a pool follows the stem too."""
        return self.max_stride * (2 if self.n_stem_blocks else 1)

    def decoder_name(self, block: int) -> str:
        stride = self.bottleneck_stride >> block
        name = f"backbone.decoders.0.decoder_stack.{block}.blocks.stack0_dec{block}"
        return f"{name}_s{stride}_to_s{stride // 2}"

    def is_beyond_stem(self, block: int) -> bool:
        """Whether a decoder block is finer than the stem's output, where there is no skip."""
        return self.n_stem_blocks > 0 and block >= self.n_encoder_blocks + self.n_stem_blocks

    def build(self, weights: Weights) -> "UNet":
        return UNet(self, weights)


class UNet(nn.Module):
    """Image (batch, channels, height, width) in [0, 1] to feature maps by stride.

    Args:
        spec: topology.
        weights: the checkpoint's tensors, of which it takes those under `backbone.`.
    """

    def __init__(self, spec: UNetSpec, weights: Weights) -> None:
        super().__init__()
        self.spec = spec
        self.bottleneck_stride = spec.bottleneck_stride
        n, n_enc = spec.convs_per_block, spec.n_encoder_blocks
        self.stem = nn.ModuleList(
            convs(weights, f"backbone.stem.stem_stack.{b}.blocks.stem{b}_conv", n)
            for b in range(spec.n_stem_blocks)
        )
        encoder = "backbone.encoders.0.encoder_stack"
        self.encoder = nn.ModuleList(
            convs(weights, f"{encoder}.{b}.blocks.stack0_enc{b}_conv", n) for b in range(n_enc)
        )
        middle = "backbone.middle_blocks"
        self.middle = nn.Sequential(
            convs(weights, f"{middle}.0.blocks.stack0_enc{n_enc + 1}_middle_expand_conv", n - 1),
            convs(weights, f"{middle}.1.blocks.stack0_enc{n_enc + 2}_middle_contract_conv", 1),
        )
        self.decoder = nn.ModuleList(
            DecoderBlock(
                weights,
                spec.decoder_name(block),
                up_interpolate=spec.up_interpolate,
                n_convs=1 if spec.is_beyond_stem(block) else 2,
                # Frames are padded to max_stride; with a stem the bottleneck is coarser than that,
                # so odd sizes are rounded down on the way and must be matched on the way back.
                may_differ_in_size=spec.n_stem_blocks > 0,
            )
            for block in range(spec.n_decoder_blocks)
        )

    def forward(self, image: torch.Tensor) -> Features:
        x = image
        for block, refine in enumerate(self.stem):
            x = refine(pool(x) if block else x)
        skips: list[torch.Tensor] = []
        if self.stem:
            x = pool(x)
            skips.append(x)
        for block, refine in enumerate(self.encoder):
            x = refine(pool(x) if block or self.stem else x)
            skips.append(x)
        x = self.middle(pool(x))
        features = Features(bottleneck=x)
        stride = self.bottleneck_stride
        for decode in self.decoder:
            x = decode(x, skips.pop() if skips else None)
            stride //= 2
            features.by_stride[stride] = x
        return features
