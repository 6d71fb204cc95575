"""Reads values out of a `training_config.yaml`, with messages that name the key."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from sleap_rt.errors import ModelError
from sleap_rt.untrusted import quoted
from sleap_rt.untrusted.yaml_text import parse_yaml

T = TypeVar("T")
_INTERPOLATION = "${"


class Config:
    """One mapping of a training configuration, and its path in the file.

    A value that is absent or null takes the default. Keys that inference does not need are not
    read, so unknown ones do no harm.
    """

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self._values, self._where = values, where

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
            raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
        except ValueError as error:
            raise ModelError(f"{path}: not a readable YAML file: {error}") from error
        if not isinstance(found, dict):
            raise ModelError(
                f"{path}: expected a training configuration, found {type(found).__name__}"
            )
        return cls(found), hashlib.sha256(raw).hexdigest()

    def path(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def section(self, key: str) -> "Config":
        """The mapping under `key`; empty when absent or null."""
        found = self._values.get(key)
        if found is not None and not isinstance(found, dict):
            raise ModelError(f"{self.path(key)}: expected a mapping, found {quoted(found)}")
        return Config(found or {}, self.path(key))

    def set_keys(self) -> list[str]:
        """Keys whose value is not null, in file order."""
        return [str(key) for key, value in self._values.items() if value is not None]

    def raw(self, key: str) -> Any:
        return self._values.get(key)

    def integer(self, key: str, default: T) -> int | T:
        value = self._number(key)
        if value is None:
            return default
        if not value.is_integer():
            raise ModelError(f"{self.path(key)}: expected a whole number, found {value}")
        return int(value)

    def integers(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise ModelError(
                f"{self.path(key)}: expected a list of whole numbers, found {quoted(value)}"
            )
        return tuple(value)

    def number(self, key: str, default: float) -> float:
        value = self._number(key)
        return default if value is None else value

    def flag(self, key: str, default: bool) -> bool:
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ModelError(f"{self.path(key)}: expected true or false, found {quoted(value)}")
        return value

    def text(self, key: str) -> str | None:
        value = self._values.get(key)
        return None if value is None else str(value)

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise ModelError(f"{self.path(key)}: expected a list of names, found {quoted(value)}")
        return tuple(str(item) for item in value)

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
