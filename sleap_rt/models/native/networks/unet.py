"""The UNet of sleap-nn: stem, encoder, middle block, decoder with skips."""

import torch
from torch import nn

from sleap_rt.models.native.networks.blocks import DecoderBlock, convs, pool
from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.weights import Weights
from sleap_rt.models.native.topology import UNetSpec


class UNet(nn.Module):
    """Image (batch, channels, height, width) in [0, 1] to feature maps by stride.

    Args:
        spec: topology.
        weights: the checkpoint's tensors, of which it takes those under `backbone.`.
    """

    def __init__(self, spec: UNetSpec, weights: Weights) -> None:
        super().__init__()
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
