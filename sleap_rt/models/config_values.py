"""Reads values out of a training configuration or a layer's settings; messages name the key."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sleap_rt.errors import ModelError
from sleap_rt.untrusted import listed, quoted
from sleap_rt.untrusted.yaml_text import parse_yaml
from sleap_rt.words import unreadable

T = TypeVar("T")
_INTERPOLATION = "${"


class Config:
    """One mapping of settings.

    A value that is absent or null takes the default; of another type than is read, it raises
    ModelError. Keys that inference does not need are not read, so unknown ones do no harm.

    Args:
        values: by key.
        where: path of the mapping in its file, for messages; empty for the whole file.
    """

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self._values, self._where = values, where

    @classmethod
    def whole(cls, found: Any, name: str) -> "Config":
        """The content of a file, parsed.

        Raises:
            ModelError: it is no mapping.
        """
        if not isinstance(found, dict):
            raise ModelError(
                f"{name}: expected a training configuration, found {type(found).__name__}"
            )
        return cls(found)

    @classmethod
    def from_yaml(cls, path: Path) -> tuple["Config", str]:
        """The configuration in `path` and the SHA-256 of the file.

        Raises:
            ModelError: the file cannot be read, or is not a YAML mapping.
        """
        try:
            raw = path.read_bytes()
            found = parse_yaml(raw)
        except OSError as error:
            raise ModelError(unreadable(path, error)) from error
        except ValueError as error:
            raise ModelError(f"{path}: not a readable YAML file: {error}") from error
        return cls.whole(found, str(path)), hashlib.sha256(raw).hexdigest()

    def path(self, key: str) -> str:
        """Where a key stands in the file, for messages."""
        return f"{self._where}.{key}" if self._where else key

    def section(self, key: str) -> "Config":
        """The mapping under `key`; empty when absent or null."""
        found = self._checked(key, "a mapping", lambda value: isinstance(value, dict))
        return Config(found or {}, self.path(key))

    def set_keys(self) -> list[str]:
        """Keys whose value is not null, in file order."""
        return [str(key) for key, value in self._values.items() if value is not None]

    def only_key(self, known: Iterable[str] = ()) -> str:
        """The one key whose value is not null.

        Args:
            known: keys that a message names.

        Raises:
            ModelError: there is none, or more than one.
        """
        found, of = self.set_keys(), ", ".join(known)
        if len(found) != 1:
            raise ModelError(
                f"{self._where} sets {listed(found)}; exactly one{of and f' of {of}'} is needed"
            )
        return found[0]

    def raw(self, key: str) -> Any:
        """The value as it was parsed; None when absent."""
        return self._values.get(key)

    def integer(self, key: str, default: T) -> int | T:
        """A whole number, which may be written as text or as 2.0."""
        value = self._number(key)
        if value is None:
            return default
        if not value.is_integer():
            raise ModelError(f"{self.path(key)}: expected a whole number, found {value}")
        return int(value)

    def integers(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of whole numbers."""
        found = self._checked(key, "a list of whole numbers", _are_integers)
        return default if found is None else tuple(found)

    def number(self, key: str, default: float) -> float:
        """Any number, which may be written as text."""
        value = self._number(key)
        return default if value is None else value

    def flag(self, key: str, default: bool) -> bool:
        """True or false, not 1 or 0."""
        found = self._checked(key, "true or false", lambda value: isinstance(value, bool))
        return default if found is None else bool(found)

    def text(self, key: str) -> str | None:
        """Any value as text; None when absent or null."""
        value = self._values.get(key)
        return None if value is None else str(value)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of any values, as texts; None when absent or null."""
        found = self._checked(key, "a list of names", lambda value: isinstance(value, list))
        return None if found is None else tuple(map(str, found))

    def _checked(self, key: str, expected: str, fits: Callable[[Any], bool]) -> Any:
        """The value, of the type that was expected; None when absent or null."""
        value = self._values.get(key)
        if value is not None and not fits(value):
            raise ModelError(f"{self.path(key)}: expected {expected}, found {quoted(value)}")
        return value

    def _number(self, key: str) -> float | None:
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, str) and _INTERPOLATION in value:
            raise ModelError(
                f"{self.path(key)}: write the value itself in place of {quoted(value)}"
            )
        try:
            if isinstance(value, bool):
                raise ValueError
            return float(value)  # text too: YAML 1.1 reads `1e-8` as text
        except (TypeError, ValueError, OverflowError) as error:
            raise ModelError(
                f"{self.path(key)}: expected a number, found {quoted(value)}"
            ) from error


def _are_integers(found: Any) -> bool:
    return isinstance(found, list) and all(type(item) is int for item in found)
