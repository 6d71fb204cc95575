"""Topologies of networks by their configuration; the checkpoint has widths. Needs no torch."""

from dataclasses import dataclass

from sleap_rt.errors import ModelError
from sleap_rt.kinds import Head

N_STAGES = 4  # of the encoders of ConvNeXt and Swin
STEM_PADDING = 1  # px, of the convolution that cuts an image into patches

CONVNEXT_DEPTHS = {
    "tiny": (3, 3, 9, 3),
    "small": (3, 3, 27, 3),
    "base": (3, 3, 27, 3),
    "large": (3, 3, 27, 3),
}
SWIN_DEPTHS = {"tiny": (2, 2, 6, 2), "small": (2, 2, 18, 2), "base": (2, 2, 18, 2)}


@dataclass(frozen=True, kw_only=True)
class UNetSpec:
    """Topology of a UNet, by the keys of its configuration; the checkpoint has widths.

    Attributes:
        max_stride: frame px per bottleneck cell without a stem; frames are padded to multiples.
        output_stride: stride of the finest decoder block.
        stem_stride: total stride of the 7x7 stem; None without one.
        convs_per_block: convolutions in an encoder block.
        up_interpolate: bilinear upsampling; otherwise transposed convolutions.
        middle_block: only True exists in trained models.
        stacks: only 1 exists in trained models.
    """

    max_stride: int = 16
    output_stride: int = 1
    stem_stride: int | None = None
    convs_per_block: int = 2
    up_interpolate: bool = True
    middle_block: bool = True
    stacks: int = 1

    def __post_init__(self) -> None:
        _check_powers_of_two(self, "max_stride", "output_stride", "stem_stride")
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


def _check_powers_of_two(spec: object, *names: str) -> None:
    for name in names:
        value = getattr(spec, name)
        if value is not None and (value < 1 or value & (value - 1)):
            raise ModelError(f"backbone: {name} must be a power of two, got {value}")


@dataclass(frozen=True, kw_only=True)
class StagedSpec:
    """Topology of a ConvNeXt or Swin network, by the keys of its configuration.

    Attributes:
        depths: blocks in each of the four stages.
        stem_patch_stride: input px per cell of the first stage.
        max_stride: frames are padded to multiples of it, px.
        output_stride: of the finest decoder block.
        convs_per_block: convolutions in the middle block.
        up_interpolate: bilinear upsampling; otherwise transposed convolutions.
    """

    depths: tuple[int, ...]
    stem_patch_stride: int = 2
    max_stride: int = 32
    output_stride: int = 1
    convs_per_block: int = 2
    up_interpolate: bool = True

    def __post_init__(self) -> None:
        if len(self.depths) != N_STAGES or min(self.depths) < 0:
            raise ModelError(
                f"backbone: depths must be {N_STAGES} block counts, got {list(self.depths)}"
            )
        _check_powers_of_two(self, "stem_patch_stride", "max_stride", "output_stride")
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
        return self.stem_patch_stride << N_STAGES

    @property
    def n_decoder_blocks(self) -> int:
        return (self.bottleneck_stride // self.output_stride).bit_length() - 1

    def has_even_sizes(self, stem_kernel: int) -> bool:
        """Whether every halving of a padded frame is exact.

        False for a stem that does not give size / stride cells (it pads by 1 whatever its kernel),
        or if `max_stride` is finer than the bottleneck.
        """
        stem_is_exact = 0 < stem_kernel - 2 * STEM_PADDING <= self.stem_patch_stride
        return stem_is_exact and self.max_stride % self.bottleneck_stride == 0


@dataclass(frozen=True, kw_only=True)
class ConvNeXtSpec(StagedSpec):
    """Topology of a ConvNeXt by its configuration; the checkpoint has widths and kernels."""


@dataclass(frozen=True, kw_only=True)
class SwinSpec(StagedSpec):
    """Topology of a Swin network by its configuration; the checkpoint has widths and heads.

    Attributes:
        window_size: side of an attention window, tokens.
    """

    window_size: int = 7

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window_size < 1:
            raise ModelError(f"backbone: window_size must be positive, got {self.window_size}")


BackboneSpec = UNetSpec | ConvNeXtSpec | SwinSpec


@dataclass(frozen=True, kw_only=True)
class HeadSpec:
    """One head of a network.

    Attributes:
        output: its output's name in this package.
        layer: its layer name in the checkpoint, e.g. `MultiInstanceConfmapsHead`.
        output_stride: input px per cell; the feature maps of that stride are read.
        n_channels: channels (or classes) the configuration expects.
        has_sigmoid: the head of maps ends in a sigmoid.
        n_fc_layers: fully connected layers ahead of a class vector.
    """

    output: Head
    layer: str
    output_stride: int
    n_channels: int
    has_sigmoid: bool = False
    n_fc_layers: int = 0
