"""A trained model with some of its settings replaced."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from sleap_rt.contract import Decoding, GraphContract
from sleap_rt.errors import OptionError, did_you_mean
from sleap_rt.kinds import overrides_of_others
from sleap_rt.options import ModelOverrides
from sleap_rt.untrusted import quoted

_Channels = Literal["as_is", "rgb", "grayscale"]
Model = TypeVar("Model", bound=GraphContract)


def override_models(models: list[Model], overrides: ModelOverrides) -> list[Model]:
    """The models of one set with the overrides applied, each to the models that it concerns.

    Overrides of checkpoints do nothing here: loading has already used them.

    Raises:
        OptionError: an override concerns none of the models, or names an unknown node.
    """
    _check_effective(models, overrides)
    return [_overridden(model, overrides) for model in models]


def _check_effective(models: Sequence[GraphContract], overrides: ModelOverrides) -> None:
    of_others = overrides_of_others(model.kind for model in models)
    useless = [
        name
        for name in overrides.given
        if name in of_others
        # What models have in any case may be said of any.
        and getattr(overrides, name) != getattr(Decoding, name, None)
    ]
    if useless:
        raise OptionError(
            f"{', '.join(useless)}: no effect with {' + '.join(m.kind for m in models)}; leave it "
            "out"
        )


def _overridden(model: Model, overrides: ModelOverrides) -> Model:
    preprocessing = model.preprocessing
    crop = (overrides.crop_size, overrides.crop_size) if overrides.crop_size else None
    decoding = model.decoding
    return replace(
        model,
        anchor_part=_anchor(model, overrides.anchor_part),
        preprocessing=replace(
            preprocessing,
            channels=_channels(preprocessing.channels, overrides),
            max_height=overrides.max_height or preprocessing.max_height,
            max_width=overrides.max_width or preprocessing.max_width,
            input_scale=overrides.input_scale or preprocessing.input_scale,
            crop_size=crop if crop and preprocessing.crop_size else preprocessing.crop_size,
        ),
        decoding=replace(
            decoding,
            integral_patch_size=overrides.integral_patch_size or decoding.integral_patch_size,
            n_points=overrides.n_points or decoding.n_points,
        ),
    )


def _channels(trained: _Channels, overrides: ModelOverrides) -> _Channels:
    """Conversion of channels: on replaces that of training, off removes only the one it names."""
    if overrides.ensure_rgb:
        return "rgb"
    if overrides.ensure_grayscale:
        return "grayscale"
    switched_off = {"rgb": overrides.ensure_rgb, "grayscale": overrides.ensure_grayscale}
    return "as_is" if switched_off.get(trained) is False else trained


def _anchor(model: GraphContract, anchor_part: str | None) -> str | None:
    if anchor_part is None:
        return model.anchor_part
    names = model.skeleton.node_names
    if anchor_part not in names:
        raise OptionError(
            f"anchor_part {quoted(anchor_part)} is no node of the {model.kind} model's skeleton; "
            f"its nodes are {', '.join(names)}.{did_you_mean(anchor_part, names)}"
        )
    return anchor_part
