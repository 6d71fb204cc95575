"""OpenCV is loaded where something needs it, and may be missing."""

from importlib.util import find_spec

from sleap_rt.errors import OptionError


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
