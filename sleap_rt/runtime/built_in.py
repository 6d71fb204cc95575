"""Settings that are built into an exported graph, under the names of the options that set them."""

from typing import Any

from sleap_rt.contract import GraphContract
from sleap_rt.errors import OptionError
from sleap_rt.kinds import overrides_of_others
from sleap_rt.options import ModelOverrides
from sleap_rt.runtime.model_set import ModelSet


def refuse_other_settings(overrides: ModelOverrides, models: ModelSet) -> None:
    """Refuse overrides of exported graphs, unless they say what the graphs have.

    Raises:
        OptionError: no model of these kinds has such a setting; or a graph has another value: the
            message names both.
    """
    other = {
        name: built_in
        for name in overrides.given
        if (built_in := _built_in(models, name)) != {getattr(overrides, name)}
    }
    if not other:
        return
    useless = [name for name in other if name in overrides_of_others(models.kinds)]
    if useless:
        raise OptionError(f"{', '.join(useless)}: no effect with {models.in_words}; leave it out")
    found = "; ".join(
        f"{name} {getattr(overrides, name)} ({_in_words(built_in)})"
        for name, built_in in other.items()
    )
    raise OptionError(
        f"{found}: built into an exported graph, and only exported graphs were given; give the "
        "trained model's folder, or export it again with this option"
    )


def _built_in(models: ModelSet, name: str) -> set[Any]:
    """The values that the graphs have; no values where the setting is nothing a graph tells."""
    values = {_setting(contract, name) for contract in models.contracts}
    return values - {None}


def _setting(contract: GraphContract, name: str) -> Any:
    spec, decoding = contract.preprocessing, contract.decoding
    crop = spec.crop_size
    settings = {
        "max_height": spec.max_height,
        "max_width": spec.max_width,
        "input_scale": spec.input_scale,
        "ensure_rgb": spec.channels == "rgb",
        "ensure_grayscale": spec.channels == "grayscale",
        "crop_size": crop[0] if crop is not None and crop[0] == crop[1] else crop,
        "integral_patch_size": decoding.integral_patch_size,
        "n_points": decoding.n_points,
    }
    return settings.get(name)


def _in_words(values: set[Any]) -> str:
    return f"it has {' and '.join(map(str, sorted(values, key=str)))}" if values else "it has none"
