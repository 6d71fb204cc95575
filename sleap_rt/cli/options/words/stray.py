"""Words of a command line that were taken for files and meant as something else."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import click

from sleap_rt.cli.options.parameters import FrameList
from sleap_rt.errors import OptionError
from sleap_rt.options.frames import parse_frames
from sleap_rt.words import as_typed

_LONG_DASHES = (
    "\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
)
_DASHED = re.compile(rf"-?[{_LONG_DASHES}][-{_LONG_DASHES}]*(?P<name>\w[\w-]*)")
_ON, _OFF = ("true", "yes", "on"), ("false", "no", "off")
_NUMBERS = re.compile(r"[\d,.-]*\d[\d,.-]*")
_MOST_SPACES = 8  # in a name whose quotes were forgotten


def plain(flag: str) -> str:
    """`--max_tracks` for `--max-tracks`."""
    return f"--{flag[2:].replace('-', '_')}" if flag.startswith("--") else flag


def _names_of(params: Iterable[click.Parameter]) -> set[str]:
    return {name for one in params for name in (*one.opts, *one.secondary_opts)}


def refuse_long_dashes(args: Sequence[str], params: Iterable[click.Parameter]) -> None:
    """Refuse options whose dashes a mail, a chat or a PDF has made longer.

    Args:
        args: of the command line, as typed.
        params: of the command.

    Raises:
        OptionError: with what to type.
    """
    there = _names_of(params)
    for word in args:
        dashed = _DASHED.match(word)
        if dashed is None or os.path.exists(word):
            continue
        name = dashed["name"]
        meant = f"-{name}" if len(name) == 1 else f"--{name.replace('-', '_')}"
        if meant in there:
            raise OptionError(
                f"{word} begins with a long dash, which mails and PDFs make of short ones; type "
                f"{meant}"
            )


def refuse_single_dashes(args: Iterable[str], params: Iterable[click.Parameter]) -> None:
    """Refuse `-model_paths`, which would be `-m odel_paths`.

    Args:
        args: of the command line, as typed.
        params: of the command.

    Raises:
        OptionError: with what to type.
    """
    there = _names_of(params)
    for word in args:
        meant = plain(f"-{word.partition('=')[0]}")
        if word[:1] == "-" and len(meant) > 3 and meant in there:
            raise OptionError(f"{word} begins with one dash; names of options have two: {meant}")


def whole_word(option: str, words: Iterable[str]) -> str:
    """What was typed where an unknown option was found: `-track` was read as `-t -r ...`."""
    if option.startswith("--"):
        return option
    typed = (word for word in words if word[:1] == "-" and word[1:2] != "-")
    return next((word for word in typed if option[1:] in word[1:]), option)


def refuse_equals_signs(args: Iterable[str], params: Iterable[click.Parameter]) -> None:
    """Refuse `-i=a.mp4`, which would name a file `=a.mp4`.

    Args:
        args: of the command line, as typed, up to where options end.
        params: of the command.

    Raises:
        OptionError: with what to type.
    """
    options = {name: one for one in params for name in one.opts if len(name) == 2}
    for word in args:
        name, sign, value = word.partition("=")
        option = options.get(name)
        if not sign or option is None:
            continue
        if isinstance(option, click.Option) and option.is_flag:
            raise OptionError(f"{name} takes no value; leave out ={value}")
        if not value:
            raise OptionError(f"{name} is empty; name what is meant, or leave it out")
        raise OptionError(f"{word}: type {name} {as_typed(value)}, without an equals sign")


def refuse_stray_words(
    args: Sequence[str], given: Mapping[str, Any], params: Iterable[click.Parameter]
) -> None:
    """Refuse words in place of inputs and models that are no files and were meant otherwise.

    These are the parts of a path with spaces that stands there without quotes, numbers, values of
    options that take none, and names of options without their dashes.

    Args:
        args: of the command line, as typed.
        given: parameter -> what was said.
        params: of the command.

    Raises:
        OptionError: as the summary says.
    """
    _refuse_parts_of_a_path(args)
    params = list(params)
    _refuse_values_of_flags(args, params)
    flags = {str(one.name): one.opts[0] for one in params if isinstance(one, click.Option)}
    for one in params:
        values = given.get(str(one.name))
        if not isinstance(one.type, click.Path) or not isinstance(values, tuple | list):
            continue
        for value in values:
            if value not in args or os.path.exists(value):
                continue
            if _NUMBERS.fullmatch(str(value)):
                raise OptionError(f"{value} is no file{_advice(str(value), args, params)}")
            if value in flags:
                raise OptionError(f"There is no file {value!r}; the option is {flags[value]}")


def _refuse_parts_of_a_path(args: Sequence[str]) -> None:
    for start, word in enumerate(args):
        if word.startswith("-") or os.path.exists(word):
            continue
        for end in range(start + 2, min(start + 2 + _MOST_SPACES, len(args) + 1)):
            path = " ".join(args[start:end])
            if os.path.exists(path):
                raise OptionError(
                    f"{word} does not exist, but {as_typed(path)} does; a path with spaces stands "
                    "in quotes"
                )


def _refuse_values_of_flags(args: Sequence[str], params: Sequence[click.Parameter]) -> None:
    flags = [one for one in params if isinstance(one, click.Option) and one.is_flag]
    for before, word in pairwise(args):
        said = word.lower()
        name = plain(before)
        flag = next((one for one in flags if name in (*one.opts, *one.secondary_opts)), None)
        if flag is None or said not in (*_ON, *_OFF) or os.path.exists(word):
            continue
        todo = f"leave out {word}" if said in _ON else f"leave out {before} {word}"
        if said in _OFF and flag.secondary_opts and name in flag.opts:
            todo = f"type {flag.secondary_opts[0]}"
        raise OptionError(f"{before} takes no value; {todo}")


def _advice(word: str, args: Sequence[str], params: Sequence[click.Parameter]) -> str:
    """What to do with a number, by the option that it stands behind."""
    flag, numbers = _ahead_of(word, args)
    option = next((one for one in params if flag in one.opts), None)
    if option is not None and numbers and isinstance(option.type, FrameList):
        parts = [part for number in (*numbers, word) for part in number.split(",") if part]
        return f"; as a part of {flag}, write it without spaces: {flag} {','.join(parts)}"
    if option is not None and numbers:
        return f"; {flag} takes one value, {numbers[0]}, so leave out {word}"
    frames = [one.opts[0] for one in params if isinstance(one.type, FrameList)]
    if frames and _is_frames(word):
        return f"; frames are chosen by {frames[0]} {word}, and `sleap-nn live` watches cameras"
    return "; name a file, or the option that it belongs to"


def _is_frames(word: str) -> bool:
    try:
        return bool(parse_frames(word))
    except ValueError:
        return False  # a date, say


def _ahead_of(word: str, args: Sequence[str]) -> tuple[str, list[str]]:
    """The option that a word stands behind, and the numbers between them."""
    numbers: list[str] = []
    position = len(args) - 1 - args[::-1].index(word)  # the last of that name
    for other in reversed(args[:position]):
        flag, _, value = other.partition("=")
        if other.startswith("-") and not _NUMBERS.fullmatch(other):
            return plain(flag), [*([value] if value else []), *reversed(numbers)]
        if not _NUMBERS.fullmatch(other):
            break
        numbers.append(other)
    return "", []
