"""`--config`: the options of a command in a YAML file.

What stands there becomes words of the command line, to be checked and refused as if they were
typed. Relative paths start from the file's folder, or from the current one where the options come
from standard input (`-`).
"""

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.options.parameters import CommaSeparated, FileOrAddress
from sleap_rt.cli.options.words.home import with_home
from sleap_rt.cli.options.words.stray import plain
from sleap_rt.cli.terminal.messages import note
from sleap_rt.errors import OptionError
from sleap_rt.model_files import kind_of_data
from sleap_rt.options.written_files import saved_by

CONFIG, SAVE_CONFIG = "config", "save_config"  # names of the two options
OPTIONS_END = "--"
_STREAMS = (Path("/dev"), Path("/dev/fd"))  # hold what other programs write, and no files
_ON, _OFF = ("true", "yes", "on"), ("false", "no", "off")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # of a camera or a stream
# Names -> the options that say the same, such as those of arguments without a flag.
_SAME = {
    "auto_resume": {"resume"},
    "inputs": {"data_path"},
    "parts": {"data_path"},
    "models": {"model_paths"},
    "files": {"ground_truth_path", "predicted_paths"},
}


def config_options() -> list[click.Option]:
    """The two options, of which a command needs to know nothing."""
    path = click.Path(path_type=Path)
    told = {
        CONFIG: "YAML file (`-`: standard input), `name: value`; the command line goes before it.",
        SAVE_CONFIG: "Write the options of this run to a file for --config.",
    }
    options = [
        click.Option([f"--{name}"], type=path, help=text, expose_value=False, metavar="FILE")
        for name, text in told.items()
    ]
    for option in options:
        option.panel = "Configuration file"  # type: ignore[attr-defined]
    return options


@dataclass(frozen=True)
class ConfigFile:
    """What stands in a file: names of options and values, as they are written."""

    path: Path
    values: Mapping[str, str | list[str] | None]
    written_by: str | None = None  # the command whose options were saved

    @classmethod
    def read(cls, name: str) -> "ConfigFile":
        """Read a file.

        Raises:
            OptionError: there is none, or it does not have the form.
        """
        from sleap_rt.untrusted.yaml_text import parse_entries

        is_piped = name == "-"
        path = Path("standard input" if is_piped else name)
        try:
            raw = sys.stdin.buffer.read() if is_piped else path.read_bytes()
            values = dict(parse_entries(raw))
        except OSError as error:
            raise OptionError(f"config: {path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            kind = kind_of_data(path)
            found = (
                f" is {kind}, not a YAML file with lines `name: value`" if kind else f": {error}"
            )
            raise OptionError(f"config: {path}{found}") from error
        if not values:
            found = "has no lines `name: value`" if raw.strip() else "is empty"
            raise OptionError(f"config: {path} {found}; write options there, or leave it out")
        return cls(path, values, saved_by(raw))

    @contextmanager
    def named_in_errors(
        self, why_unknown: Callable[[str], str | None], names: Collection[str | None]
    ) -> Iterator[None]:
        """Say of what is refused that it stands in this file.

        Args:
            why_unknown: more words about an option that is not here, if there are any.
            names: of the command that reads the file.
        """
        try:
            yield
        except click.NoSuchOption as error:
            told = why_unknown(error.option_name) or error.format_message()
            if self.written_by is not None and self.written_by not in names:
                saving = f"`sleap-nn {self.written_by} --save_config`"
                told += f" ({saving} wrote this file; name one of this command)"
            raise OptionError(f"{self.path}: {told}") from error
        except click.ClickException as error:
            raise OptionError(f"{self.path}: {error.format_message()}") from error

    def words(self, key: str, parameters: Sequence[click.Parameter]) -> list[str]:
        """One entry as it would be typed. Unknown names stay, for the command to refuse."""
        value = self.values[key]
        _refuse_dashes(key, parameters)
        name = key.replace("-", "_")
        if name in (CONFIG, SAVE_CONFIG, "help"):
            raise click.UsageError(f"{name} belongs on the command line")
        if value is None:
            return []
        parameter = next((one for one in parameters if name in names_of(one)), None)
        texts = [self._resolved(text, parameter) for text in _texts(name, value, parameter)]
        if isinstance(parameter, click.Argument):
            return [OPTIONS_END, *texts]
        flag = f"--{name}"
        if isinstance(parameter, click.Option) and may_stand_alone(parameter):
            return _switched(flag, texts[0], parameter)
        return [f"{flag}={text}" for text in texts]

    def _resolved(self, text: str, parameter: click.Parameter | None) -> str:
        path = self._folder / with_home(text)
        return str(path) if parameter is not None and is_file(text, path, parameter) else text

    @property
    def _folder(self) -> Path:
        """Where relative paths start."""
        return Path() if self.path.parent in _STREAMS else self.path.parent

    @staticmethod
    def joined(pieces: Iterable[Sequence[str]]) -> list[str]:
        """Words of several entries, or of the command line, with arguments behind options."""
        options: list[str] = []
        arguments: list[str] = []
        for piece in pieces:
            end = piece.index(OPTIONS_END) if OPTIONS_END in piece else len(piece)
            options += piece[:end]
            arguments += piece[end + 1 :]
        return [*options, OPTIONS_END, *arguments] if arguments else options

    def replaced_by(self, given: Mapping[str, Any]) -> set[str]:
        """Names that the command line decides, as options or as arguments without a flag."""
        replaced = set(given)
        for argument, options in _SAME.items():
            if argument in given:
                replaced |= options
            elif options & given.keys():
                replaced.add(argument)
        return replaced

    def tell_replaced(self, key: str, given: Mapping[str, Any]) -> None:
        """Say on standard error that the command line goes before the file."""
        if not given.get("quiet"):
            note(f"{key!r} of {self.path} gives way to the command line")


def is_file(text: str, path: Path, parameter: click.Parameter) -> bool:
    """Whether a value names a file: it is no address, and no other text.

    Args:
        text: the value.
        path: the file that it would mean.
        parameter: that it is for.
    """
    if isinstance(parameter.type, FileOrAddress):
        return path.is_file()
    return isinstance(parameter.type, click.Path) and text != "-" and not _ADDRESS.match(text)


def may_stand_alone(option: click.Option) -> bool:
    """Whether an option needs no value: a switch, or one that takes a value if there is one."""
    return option.is_flag or bool(getattr(option, "_flag_needs_value", False))


def names_of(parameter: click.Parameter) -> set[str]:
    """What a parameter is called in a file."""
    if isinstance(parameter, click.Argument):
        return {str(parameter.name)}
    return {
        name[2:].replace("-", "_")
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--")
    }


def _refuse_dashes(key: str, parameters: Sequence[click.Parameter]) -> None:
    if key[:1] != "-":
        return
    typed = plain(key)
    full = next((max(one.opts, key=len) for one in parameters if typed in one.opts), typed)
    name = full.lstrip("-").replace("-", "_")
    raise click.UsageError(
        f"{key!r}: names stand in full and without dashes in a file; write {name!r}"
    )


def _texts(name: str, value: str | list[str], parameter: click.Parameter | None) -> list[str]:
    if isinstance(value, str):
        return [value]
    takes_many = parameter is None or getattr(parameter, "multiple", False) or parameter.nargs != 1
    if takes_many:
        return value
    if value and isinstance(parameter and parameter.type, CommaSeparated):
        return [",".join(value)]
    raise click.UsageError(f"{name} takes one value, not a list of {len(value)}")


def _switched(flag: str, text: str, option: click.Option) -> list[str]:
    word = text.lower()
    if word in _ON:
        return [flag]
    if word in _OFF:
        return option.secondary_opts[:1]
    if option.is_flag and word != "auto":  # of resume, which the command reads by itself
        raise click.UsageError(f"{flag[2:]} is {text!r}; expected true or false")
    return [f"{flag}={text}"]  # for the command to refuse
