"""Models and inputs of `track` that took each other's places."""

from collections.abc import Sequence
from pathlib import Path

from sleap_rt.cli.terminal.program import program_name
from sleap_rt.errors import OptionError
from sleap_rt.model_files import is_model, kind_in_place_of_model, refuse_model
from sleap_rt.words import as_typed


def refuse_swapped(models: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Refuse data in place of models, and models in place of data.

    Args:
        models: as given; none where poses are only followed, or the model was given as an input.
        inputs: as given.

    Raises:
        OptionError: as the summary says; with the command that was probably meant.
    """
    _refuse_data_as_model(models, inputs)
    for path in inputs:
        refuse_model(path, "data_path")


def _refuse_data_as_model(given: Sequence[Path], inputs: Sequence[Path]) -> None:
    kinds = {path: kind_in_place_of_model(path) for path in given}
    data = [path for path, kind in kinds.items() if kind is not None]
    if not data:
        return
    swapped = [path for path in inputs if is_model(path)]
    models = [path for path in given if path not in data] + swapped or [Path("MODEL")]
    inputs = [path for path in inputs if path not in swapped] + data
    raise OptionError(
        f"{data[0]} is {kinds[data[0]]}, not a model. Inputs stand ahead of -m, which takes all "
        f"words up to the next option: `{program_name()} track {' '.join(map(as_typed, inputs))} "
        f"-m {' '.join(map(as_typed, models))}`"
    )
