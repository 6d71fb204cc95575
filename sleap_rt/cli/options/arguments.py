"""How arguments are read: several values after one flag, and nothing twice that counts once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.options.config_file import (
    CONFIG,
    OPTIONS_END,
    SAVE_CONFIG,
    ConfigFile,
    config_options,
)
from sleap_rt.cli.options.parameters import FramesOrAll
from sleap_rt.cli.options.saved_config import save_config
from sleap_rt.cli.options.words.home import with_home
from sleap_rt.cli.options.words.stray import (
    plain,
    refuse_equals_signs,
    refuse_long_dashes,
    refuse_single_dashes,
    refuse_stray_words,
    whole_word,
)
from sleap_rt.cli.options.words.usual import usual_word
from sleap_rt.cli.terminal.help import HelpCommand
from sleap_rt.errors import OptionError, did_you_mean, nearest
from sleap_rt.options.paths import fitting_path


class OnceCommand(HelpCommand):
    """A command that refuses an option given twice, where only the last one would count.

    Its options may also stand in a file, `--config`; the command line goes before the file.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += config_options()

    def words(self, args: Sequence[str]) -> list[str]:
        """The command line in the words of this command's options."""
        return list(args)

    def why_unknown(self, option: str) -> str | None:
        """What to say of an option that is not here, if there is more than that to say."""
        name = plain(option)
        flags = {
            one.opts[0] for one in self.params if isinstance(one, click.Option) and one.is_flag
        }
        if name.startswith("--no_") and (flag := f"--{name.removeprefix('--no_')}") in flags:
            return f"{option} is what a command does without {flag}; leave it out"
        return usual_word(option, [one.opts for one in self.params])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = [with_home(word) for word in args]
        words = self.words(args)
        if ctx.resilient_parsing:
            return super().parse_args(ctx, words)
        try:
            options = list(takewhile(lambda word: word != OPTIONS_END, args))
            refuse_long_dashes(args, self.get_params(ctx))
            refuse_single_dashes(options, self.get_params(ctx))
            refuse_equals_signs(options, self.params)
            given = self._given(words, ctx)
            if CONFIG in given:
                words = self._with_file(ConfigFile.read(given[CONFIG]), words, given, ctx)
                given = self._given(words, ctx)
            self._check_empty(words)
            refuse_stray_words(args, given, self.params)
            rest = self._checked(words, given, ctx)
            _check_lengths(ctx.params.values())
        except click.NoSuchOption as error:
            reason = self._why_unknown_all(error.option_name, words)
            if reason is None:
                raise
            raise OptionError(reason) from None
        if SAVE_CONFIG in given:
            save_config(self.params, given, ctx)
        return rest

    def _why_unknown_all(self, first: str, words: Sequence[str]) -> str | None:
        """What to say of options that are not here, each once; None if not of the first."""
        reason = self.why_unknown(first)
        if reason is None:
            return None
        here = {plain(name) for one in self.params for name in (*one.opts, *one.secondary_opts)}
        typed = takewhile(lambda word: word != OPTIONS_END, words)
        names = {plain(word.partition("=")[0]) for word in typed if word.startswith("--")}
        others = map(self.why_unknown, sorted(names - {*here, plain(first)}))
        found = [reason, *(other for other in others if other is not None)]
        return reason if found == [reason] else " ".join(f"{one.rstrip('.')}." for one in found)

    def _shown_names(self) -> list[str]:
        shown = [one for one in self.params if isinstance(one, click.Option) and not one.hidden]
        return [name for one in shown for name in (*one.opts, *one.secondary_opts) if len(name) > 2]

    def _check_empty(self, words: Sequence[str]) -> None:
        """An empty path would be the current folder."""
        paths, lenient = (
            {name for one in self.params if isinstance(one.type, kind) for name in one.opts}
            for kind in (click.Path, FramesOrAll)
        )
        for before, word in zip(("a value", *words), words, strict=False):
            option, sign, value = word.partition("=")
            if not word and plain(before) in lenient:
                continue
            if not word:
                option = before if before.startswith("-") else "a value"
            elif value or not sign or option.replace("-", "_").replace("__", "--", 1) not in paths:
                continue
            raise click.UsageError(f"{option} is empty; name what is meant, or leave it out")

    def _checked(self, words: list[str], given: dict[str, Any], ctx: click.Context) -> list[str]:
        """Read the words into the context; a wrong choice is told with the nearest one."""
        try:
            return super().parse_args(ctx, words)
        except click.BadParameter as error:
            option = error.param
            if option is None or not isinstance(option.type, click.Choice):
                raise
            if isinstance(error, click.MissingParameter):  # click tells the choices in many lines
                choices = ", ".join(map(str, option.type.choices))
                raise OptionError(f"Name the {option.name}: {choices}") from None
            said = given.get(str(option.name))
            values = said if isinstance(said, tuple | list) else [said]
            wrong = [str(one) for one in values if one not in option.type.choices]
            hint = did_you_mean(wrong[0], map(str, option.type.choices)) if wrong else ""
            raise click.BadParameter(f"{error.message}{hint}", ctx, option) from None

    def _given(self, words: Sequence[str], ctx: click.Context) -> dict[str, Any]:
        """Parameters that stand in the words, and what is said there."""
        try:
            values, _, order = self.make_parser(ctx).parse_args(args=list(words))
        except click.NoSuchOption as error:
            names = whole_word(error.option_name, words), error.option_name
            near = {one: nearest(one, self._shown_names()) for one in names}
            name = next(filter(near.get, names), error.option_name)
            possible = [found] if (found := near[name]) else None
            raise click.NoSuchOption(name, possibilities=possible, ctx=ctx) from None
        _refuse_twice(order, words, ctx)
        return {
            one.name: values[one.name]
            for one in order
            if one.name is not None
            and (isinstance(one, click.Option) or isinstance(values[one.name], str | tuple))
            and values[one.name] != ()
        }

    def _with_file(
        self, file: ConfigFile, words: list[str], given: dict[str, Any], ctx: click.Context
    ) -> list[str]:
        """The words of the file, checked as if they were typed, and those of the command line."""
        entries = []
        with file.named_in_errors(self.why_unknown, {self.name, *self.aliases}):
            for key in file.values:
                of_entry = self.words(file.words(key, self.params))
                entries.append((key, of_entry, set(self._given(of_entry, ctx))))
            alone = ConfigFile.joined([of_entry for _, of_entry, _ in entries])
            probe = self.context_class(self, info_name=ctx.info_name, parent=ctx.parent)
            with suppress(click.MissingParameter):  # it may stand on the command line
                self._checked(alone, self._given(alone, ctx), probe)
        replaced = file.replaced_by(given)
        for key, _, names in entries:
            if names & replaced:
                file.tell_replaced(key, given)
        kept = [of_entry for _, of_entry, names in entries if not names & replaced]
        return ConfigFile.joined([words, *kept])


def _refuse_twice(
    given: Iterable[click.Parameter], words: Sequence[str], ctx: click.Context
) -> None:
    typed = set(map(plain, words))
    for parameter, n_times in Counter(given).items():
        if n_times > 1 and isinstance(parameter, click.Option) and _counts_once(parameter):
            name = max(parameter.opts, key=len)
            on_and_off = parameter.opts, parameter.secondary_opts
            if all(not typed.isdisjoint(map(plain, names)) for names in on_and_off):
                opposite = max(parameter.secondary_opts, key=len)
                raise click.UsageError(f"{name} and {opposite} exclude each other; give one", ctx)
            raise click.UsageError(
                f"{name} was given {n_times} times, and only one of them would count; give it once",
                ctx,
            )


def _counts_once(option: click.Option) -> bool:
    is_plain_flag = option.is_flag and not option.secondary_opts
    return not (option.multiple or option.count or is_plain_flag)


def spread(args: Sequence[str], flags: Iterable[str]) -> list[str]:
    """`-i a b` as `-i a -i b`, for options that can be repeated.

    Args:
        args: of the command line.
        flags: names of such options; in long ones, `-` and `_` are the same.
    """
    return list(_spread(args, set(flags)))


def _spread(args: Sequence[str], flags: set[str]) -> Iterator[str]:
    flag = None  # that takes the words to come
    is_first = False
    for position, word in enumerate(args):
        if word == OPTIONS_END:
            yield from args[position:]
            return
        if word.startswith("-") and len(word) > 1:
            name, has_value, _ = word.partition("=")
            flag = name if plain(name) in flags else None
            is_first = not has_value
            yield word
        elif flag is None or is_first:
            is_first = False
            yield word
        else:
            yield from (flag, word)


def _check_lengths(values: Iterable[Any]) -> None:
    """Refuse paths that the system cannot take.

    Raises:
        OptionError: as the summary says.
    """
    for value in values:
        if isinstance(value, tuple):
            _check_lengths(value)
        elif isinstance(value, Path):
            fitting_path("", value)
