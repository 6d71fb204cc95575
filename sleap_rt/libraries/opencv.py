"""OpenCV is loaded where something needs it, and may be missing.

sleap-io imports it, if it is installed, when its reading of videos and `.slp` files is imported,
though it uses it only to open videos in a way that is not ours. OpenCV is large, brings its own
copies of FFmpeg's libraries, and several packages of one name replace each other's files. Importing
this module lets sleap-io import those two parts without it; where one asks for OpenCV later, it is
there.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from sleap_rt.errors import OptionError

_EAGER = ("sleap_io.io.video_reading", "sleap_io.io.slp")


def need_opencv(what: str) -> None:
    """Refuse what cannot be done without OpenCV.

    Args:
        what: the option, in words.

    Raises:
        OptionError: no package that has it is installed.
    """
    if find_spec("cv2") is None:
        raise OptionError(
            f"{what} needs OpenCV, which is not installed. Any of its packages will do: "
            "`pip install 'sleap-rt[opencv]'` installs opencv-python-headless."
        )


class _OpenCv:
    """Stands for the module `cv2`, and loads it when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        import cv2

        return getattr(cv2, name)


class _LaterLoader(Loader):
    """Runs a module to which OpenCV seems to be missing, and gives it to it afterwards."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        sys.modules["cv2"] = None  # type: ignore[assignment]  # importing it fails
        try:
            self._loader.exec_module(module)
        finally:
            del sys.modules["cv2"]
        module.cv2 = _OpenCv()  # type: ignore[attr-defined]


class _LaterFinder(MetaPathFinder):
    """Finds the modules that would import OpenCV, where it is installed and not loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _EAGER or "cv2" in sys.modules or find_spec("cv2") is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _LaterLoader(spec.loader)
        return spec


if not any(isinstance(finder, _LaterFinder) for finder in sys.meta_path):
    sys.meta_path.insert(0, _LaterFinder())
