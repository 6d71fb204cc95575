"""The errors of this package, in one small tree, and how messages name options.

Every message says what was found, what was expected, and what to do. The command line turns an
`OptionError` into exit code 2 and every other `SleapRtError` into exit code 1.

Messages are written with the names of Python's arguments, or with the flags of a command. A command
shows its flags (`--max_tracks`), a Python function its arguments (`resume=True` for `--resume`).
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sleap_rt.words import error_in_words

_LONGEST = 2000  # characters of a message
OVERLAY = ".overlay"  # ends the names of videos that `render` draws, which nobody means as input
_MOST_NAMES = 10_000  # of a folder that are looked at for one that was meant
_ALIKE = 0.65  # of 1; `frames` and `rate` have 0.6, `batch_size` and `crop_size` 0.63, `zmp` 0.67
_DIGITS = re.compile(r"\d+")
_COMMAND = re.compile(r"(`[a-z][\w.-]* [^`]*`)")  # of any program; its options stay
_ALONE = r"(?<![\w/.-])"  # not in a word or a path
_FLAGS = "resume|overwrite|tracking|tracks|skip_existing|allow_loss|reproducible"
_VALUES = r"cpu|(?:cuda|gpu)(?::\w+)?|auto|ort|openvino|mnn|trt(?:-rtx)?|fp16|fp32|int8|bonsai"
_AS_KEYWORDS = (
    (re.compile(r" \((?:-[a-z]|--\w+)\)"), ""),  # in brackets behind the keyword
    (re.compile(rf"{_ALONE}--no[-_](resume|cuda_graphs)\b"), r"\1=False"),
    (re.compile(rf"{_ALONE}--([a-z_]+) ({_VALUES})\b"), r"\1='\2'"),
    (re.compile(r"(') (?=[a-z_]+=')"), r"\1, "),  # of several
    (re.compile(rf"{_ALONE}--({_FLAGS})\b"), r"\1=True"),
    (re.compile(rf"{_ALONE}--frame_size (\d+)x(\d+)"), r"frame_size=(\1, \2)"),
    (re.compile(rf"{_ALONE}--([a-z]+(?:_[a-z]+)*)\b(?!-)"), r"\1"),
    (re.compile(rf"{_ALONE}-o\b"), "output_path"),
    (re.compile(rf"{_ALONE}-i\b"), "data_path"),
    (re.compile(rf"{_ALONE}-m\b"), "model_paths"),
    (re.compile(r"\bthe same command\b"), "the same call"),
    (re.compile(r"`track` takes it\b"), "run_inference takes it"),
    (re.compile(r"\bpass (it|them) to track\b"), r"pass \1 to run_inference or PosePredictor"),
    (re.compile(r"\ban option of track\b"), "an option of run_inference and PosePredictor"),
)
_NAME = re.compile(r"(?<![\w/.'\"=\-])[a-z]+(?:_[a-z]+)*(?![\w/'\"=(]|-\w|\.\w)")
# Words without `_` are options only where a message begins with them: `frames: ...`, `engine must`.
_BEGINNING = re.compile(
    r"(?:\w+(?:, | and |, and ))*\w+"
    r"(?=: | must | takes effect | has no effect | exclude each other)"
)
_NUMBERED = re.compile(r"(.*_)\d+")
_in_python = True
_typed: Mapping[str, str] = {}  # argument of the command that runs -> as it is typed
_as_it_is = _COMMAND  # parts of a message that name no options of this run


@contextmanager
def options_are_typed() -> Iterator[None]:
    """Messages in the context name options as a command has them, not as Python functions do."""
    global _in_python, _typed, _as_it_is
    before = _in_python, _typed, _as_it_is
    _in_python, _typed, _as_it_is = False, {}, _COMMAND
    try:
        yield
    finally:
        _in_python, _typed, _as_it_is = before


def flags_are(flags: Mapping[str, str], words: Iterable[str] = ()) -> None:
    """The command that runs in `options_are_typed` has these.

    Args:
        flags: argument -> as it is typed, `max_tracks` -> `--max_tracks`.
        words: that were typed; a file may have a name with spaces, and an option's in it.
    """
    global _typed, _as_it_is
    if not _in_python:
        spaced = (re.escape(word) for word in words if any(map(str.isspace, word)))
        _typed = dict(flags)
        _as_it_is = re.compile(f"({'|'.join([_COMMAND.pattern[1:-1], *spaced])})")


def as_given(text: str) -> str:
    """A message with options named as they are given here."""
    return as_keywords(text) if _in_python else _as_flags(text)


def as_keywords(text: str) -> str:
    """A message with options named as keyword arguments: `resume=True` for `--resume`.

    Commands are called by the name that no other program has.
    """
    parts = _COMMAND.split(text)
    for index in range(0, len(parts), 2):
        for pattern, replacement in _AS_KEYWORDS:
            parts[index] = pattern.sub(replacement, parts[index])
    parts[1::2] = [part.replace("`sleap-nn ", "`sleap-rt ") for part in parts[1::2]]
    return "".join(parts)


def log_of(module: str) -> "logging.LoggerAdapter[logging.Logger]":
    """The log of a module, which names options in the same way."""
    return _NamedLog(logging.getLogger(module), {})


def _as_flags(text: str) -> str:
    """A message with the arguments of the command that runs as they are typed."""
    begins = _BEGINNING.match(text)
    beginning = begins.end() if begins else 0
    parts = _as_it_is.split(text)
    offset = 0
    for index, part in enumerate(parts):
        if index % 2 == 0:
            parts[index] = _with_flags(part, beginning - offset)
        offset += len(part)
    return "".join(parts)


def _with_flags(text: str, beginning: int) -> str:
    def flag(match: "re.Match[str]") -> str:
        name = match.group()
        is_named = "_" in name or match.end() <= beginning
        return _typed.get(name, name) if is_named else name

    return _NAME.sub(flag, text)


class _NamedLog(logging.LoggerAdapter):  # type: ignore[type-arg]
    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        return as_given(str(msg)), kwargs


class SleapRtError(Exception):
    """Base of all errors that a user can act on.

    Libraries quote what they find in a damaged file, however much that is: a message is cut where
    nobody would read on. Commands to install something fit how this package was installed, and
    options are named as they are given: `--resume` in a command, `resume=True` in Python.
    """

    def __str__(self) -> str:
        text = as_given(super().__str__())
        if "pip install" in text:  # few messages; the import takes time
            from sleap_rt.machine.installing import fitted

            text = fitted(text)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... (and so on)"


class OptionError(SleapRtError):
    """An option has a value, or stands in a combination, that cannot be honoured."""


class ModelError(SleapRtError):
    """A trained model or an exported graph is missing, damaged or not supported."""


@contextmanager
def naming(path: object) -> Iterator[None]:
    """A ModelError in the context begins with the path, or with a file in it."""
    try:
        yield
    except ModelError as error:
        message = str(error)
        begins = message.startswith((f"{path}:", f"{path} ", f"{path}/", f"{path}\\"))
        raise ModelError(message if begins else f"{path}: {message}") from error


class NotWritableError(ModelError):
    """An exported graph cannot be written where it should go."""


class DataError(SleapRtError):
    """A video, an image or a labels file is missing, damaged or does not hold what is needed."""


class SomeInputsFailedError(DataError):
    """Some of many inputs could not be processed; the others were.

    Args:
        message: which, and why.
        results: as the call would have returned, None for those that failed.
    """

    def __init__(self, message: str, results: list[Any]) -> None:
        super().__init__(message)
        self.results = results

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it goes from one process to another, as other errors do."""
        return type(self), (self.args[0], self.results)


class FrameError(DataError):
    """One frame cannot be read; others of the same video may be."""


class EngineError(SleapRtError):
    """An inference engine or a device is not available, or failed."""


class RunError(SleapRtError):
    """A run was ended by a fault of a library, of this machine, or of this package."""


@contextmanager
def others_as(kind: type[SleapRtError], words: str) -> Iterator[None]:
    """Any exception in the context that is not ours becomes one, `SystemExit` among them.

    Args:
        kind: of the error in its place.
        words: that the message begins with; the exception in words follows. An interrupt passes.
    """
    try:
        yield
    except (SleapRtError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise kind(f"{words}: {error_in_words(error)}.") from error


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence with the nearest of the names, with a space ahead; empty if none is near."""
    near = nearest(name, names)
    return "" if near is None else f" Did you mean {near!r}?"


def did_you_mean_path(missing: Path) -> str:
    """The same for a path that does not exist: near names in each folder, of the same kind of file.

    Names that differ in numbers only are those of other recordings, and `render` draws none.
    """
    bare = str(missing).strip()
    if bare and bare != str(missing) and os.path.exists(bare):
        return f" Did you mean '{bare}', without the blank?"
    meant = Path(missing.anchor)
    for part in missing.parts[len(meant.parts) :]:
        there = meant / part
        if not os.path.exists(there):
            near = _near_in(meant, part)
            if near is None:
                return ""
            there = meant / near
        meant = there
    return "" if meant == missing else f" Did you mean '{meant}'?"


def _near_in(folder: Path, missing: str) -> str | None:
    """The name in a folder that was probably meant."""
    try:
        with os.scandir(folder) as inside:
            there = [Path(one.name) for one in islice(inside, _MOST_NAMES)]
    except (OSError, ValueError):
        return None
    asked = Path(missing)
    other_suffixes = sorted(
        one.suffix
        for one in there
        if one.stem == asked.stem and _are_one_kind(asked.suffix, one.suffix)
    )
    if other_suffixes:
        return asked.stem + (nearest(asked.suffix, other_suffixes) or other_suffixes[0])
    alike = _DIGITS.sub("0", asked.stem)
    stems = {
        one.stem: one.name
        for one in there
        if one.suffix.lower() == asked.suffix.lower()
        and not one.stem.endswith(OVERLAY)
        and (one.stem == asked.stem or _DIGITS.sub("0", one.stem) != alike)
    }
    near = nearest(asked.stem, stems)
    return None if near is None else stems[near]


def _are_one_kind(suffix: str, other: str) -> bool:
    """Whether files are of one kind by their suffixes, of which one may be mistyped."""
    from mimetypes import guess_type  # which takes a while to load

    if suffix.lower() == other.lower() or nearest(suffix, [other]) is not None:
        return True
    kinds = [(guess_type(f"x{one}")[0] or "").partition("/")[0] for one in (suffix, other)]
    return kinds[0] in ("video", "image") and kinds[0] == kinds[1]


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant: alike, or one that begins so or has it as a part.

    `--` counts for nothing; and who names `track_9` did not mean `track_2`.
    """
    from difflib import get_close_matches

    given = name.lstrip("-").lower()
    by_key = {one.lstrip("-").lower(): one for one in names}
    stem = _NUMBERED.fullmatch(given)
    others = [key for key in by_key if not (stem and _numbered_alike(stem, key))]
    begun = [key for key in others if len(given) > 2 and key.startswith(given)]
    parts = [key for key in others if given in key.split("_") and not key.startswith("no_")]
    found = [*get_close_matches(given, others, n=1, cutoff=_ALIKE), *begun, *parts]
    return by_key[found[0]] if found else None


def _numbered_alike(stem: "re.Match[str]", key: str) -> bool:
    other = _NUMBERED.fullmatch(key)
    return other is not None and other[1] == stem[1]
