"""sleap-io is loaded without what only other ways of using it need.

It imports OpenCV, if that is installed, when its reading of videos and `.slp` files is imported,
though it uses it only to open videos in a way that is not ours. OpenCV is large, brings its own
copies of FFmpeg's libraries, and several packages of one name replace each other's files. It also
imports aiohttp to look at its version, for files at addresses, which sleap-rt does not read: a
tenth of a second. Importing this module lets sleap-io import those parts without them; where one
asks for them later, they are there.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_LATER = {  # module of sleap-io -> what it imports and does not need
    "sleap_io.io.video_reading": "cv2",
    "sleap_io.io.slp": "cv2",
    "sleap_io.io._remote": "aiohttp",
}


class _Later:
    """Stands for a module, and loads it when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


class _LaterLoader:
    """Runs a module to which another one seems to be missing, and gives it to it afterwards."""

    def __init__(self, loader: Any, later: str) -> None:
        self._loader, self._later = loader, later

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[self._later] = None  # type: ignore[assignment]  # importing it fails
        try:
            self._loader.exec_module(module)
        finally:
            del sys.modules[self._later]
        setattr(module, self._later, _Later(self._later))


class _LaterFinder:
    """Finds the modules that would import others too early, where these are not loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        later = _LATER.get(name)
        if later is None or later in sys.modules or find_spec(later) is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _LaterLoader(spec.loader, later)  # type: ignore[assignment]
        return spec


if not any(isinstance(finder, _LaterFinder) for finder in sys.meta_path):
    sys.meta_path.insert(0, _LaterFinder())
