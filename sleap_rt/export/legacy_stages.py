"""Legacy models in the words of the contract: what each graph of a set has to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from sleap_rt.contract import Decoding, ModelKind, Preprocessing
from sleap_rt.export.pairs import first_stage_first
from sleap_rt.models.legacy import LegacyModel


@dataclass(frozen=True)
class LegacyStage:
    """One legacy model, alone or as a stage of a pair.

    Attributes:
        model: the model.
        preprocessing: what its graph does to a frame, which in a pair depends on both models.
        decoding: what its graph does to the network's outputs.
    """

    model: LegacyModel
    preprocessing: Preprocessing
    decoding: Decoding

    @property
    def kind(self) -> ModelKind:
        return self.model.kind


def legacy_stages(models: Sequence[LegacyModel]) -> list[LegacyStage]:
    """The stages of one model or a pair, in the order in which they run.

    The first stage decides for both to which size frames are brought, and whether they become gray:
    the crops of an RGB model behind a gray centroid model are gray, repeated.

    Raises:
        ModelError: the models are no pair.
    """
    ordered = first_stage_first(models)
    return [
        LegacyStage(model, _preprocessing(model, ordered[0], ordered[-1].kind), _decoding(model))
        for model in ordered
    ]


def _preprocessing(model: LegacyModel, first: LegacyModel, kind: ModelKind) -> Preprocessing:
    own, shared = model.preprocessing, first.preprocessing
    # The original matches sizes for every kind but this one.
    matches_size = shared.match_size and kind != "multi_class_topdown"
    # A target with one side counts as none.
    has_target = bool(matches_size and shared.target_height and shared.target_width)
    return Preprocessing(
        channels="grayscale" if shared.in_channels == 1 else "rgb",
        in_channels=own.in_channels,
        max_height=shared.target_height if has_target else None,
        max_width=shared.target_width if has_target else None,
        input_scale=own.input_scale,
        max_stride=own.pad_stride,
        crop_size=None if own.crop_size is None else (own.crop_size, own.crop_size),
        crop_unit="scaled",
        resize="bilinear",
        fit_largest=matches_size and not has_target,
    )


def _decoding(model: LegacyModel) -> Decoding:
    found = model.decoding
    return Decoding(
        confmaps_stride=found.confmaps_stride,
        pafs_stride=found.pafs_stride,
        class_maps_stride=found.class_maps_stride,
        integral_patch_size=found.integral_patch_size,
        n_points=found.n_points,
        offsets=found.offsets,
    )
