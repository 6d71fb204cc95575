"""What is shown, and where."""

from dataclasses import dataclass
from pathlib import Path

from sleap_rt.errors import OptionError

_PORTS = 65535


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """A page that runs a model in a browser.

    Attributes:
        output: folder that the page is written to; None writes none.
        serve: serve the page to browsers on this machine, until interrupted.
        port: that is served on; 0 takes any free one; None takes 8000, or any free one.
    """

    output: Path | None = None
    serve: bool = False
    port: int | None = None

    def __post_init__(self) -> None:
        if self.output is None and not self.serve:
            raise OptionError("say where the page goes: --output FOLDER, or --serve, or both")
        if self.port is not None and not self.serve:
            raise OptionError("port takes effect only with serve")
        if self.port is not None and not 0 <= self.port <= _PORTS:
            raise OptionError(f"port must lie in 0 to {_PORTS}, got {self.port}")
