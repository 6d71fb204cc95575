"""Models as arguments of a command, or after `-m` as `track` takes them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)


def model_arguments(metavar: str, panel: str | None = None) -> Callable[[_Command], _Command]:
    """Add the arguments, and `--model_paths`; `given_models` joins them.

    Args:
        metavar: what the help calls the arguments.
        panel: heading of the option in the help, if the command has several.
    """

    def add(command: _Command) -> _Command:
        argument = click.argument("models", nargs=-1, type=_PATH, metavar=metavar)
        option = click.option(
            "--model_paths", "-m", multiple=True, type=_PATH, help="The same, as `track` takes it."
        )
        command = argument(option(command))
        if panel is not None:
            command.__click_params__[-2].panel = panel  # type: ignore[attr-defined]
        return command

    return add


def given_models(
    params: dict[str, Any], *, most: int | None, forms: str = "a folder or an `.onnx` file"
) -> tuple[Path, ...]:
    """The models, taken out of a command's parameters.

    Args:
        params: of a command with `model_arguments`.
        most: that the command takes; None: any number.
        forms: in which it takes them.

    Raises:
        UsageError: there are none, or more.
        OptionError: two of a trained pair are given where one export is taken.
    """
    models: tuple[Path, ...] = (*params.pop("models"), *params.pop("model_paths"))
    if not models:
        raise click.UsageError(f"Name the model: {forms}")
    if most is not None and len(models) > most:
        if most == 1:
            from sleap_rt.workflows.inspect.verify import refuse_trained_pair

            refuse_trained_pair(models)
        from sleap_rt.model_files import VIDEO_SUFFIXES

        takes = "one" if most == 1 else "one, or a pair,"
        videos = [path for path in models if path.suffix.lower() in VIDEO_SUFFIXES]
        hint = f"; give {videos[0]} as data_path (-i)" if videos else ""
        raise click.UsageError(f"{len(models)} models were given; {takes} is taken{hint}")
    return models
