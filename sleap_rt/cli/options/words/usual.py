"""An option under the name that it has in other programs."""

from collections.abc import Iterable, Sequence

from sleap_rt.options.usual import USUAL


def usual_word(word: str, names_here: Iterable[Sequence[str]]) -> str | None:
    """What to say of an option that a command does not have, but has under another name.

    Args:
        word: as it was typed.
        names_here: of each option of the command all names, with dashes.
    """
    meant = USUAL.get(word.lstrip("-").replace("-", "_"), ())
    found = {
        name: next((short for short in names if len(short) == 2), None)
        for names in names_here
        for name in names
    }
    here = {f"--{name}": f"--{name.partition(' ')[0]}" for name in meant}
    shorts = {
        typed: f" ({found[name]})" if found[name] else ""
        for typed, name in here.items()
        if name in found and name != word
    }
    return f"{word} is {' or '.join(map(''.join, shorts.items()))} here" if shorts else None
