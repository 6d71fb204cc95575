"""JSON on standard output, for `--json`."""

import json
import os
import sys
from typing import Any

from sleap_rt.cli.terminal.streams import say
from sleap_rt.errors import RunError


def print_json(document: Any) -> None:
    """Print one document, readable for people too.

    Raises:
        RunError: standard output is closed.
    """
    if getattr(sys.stdout, "name", None) == os.devnull:  # opened in place of a closed stream
        raise RunError(
            "Standard output is closed, and the JSON for it is lost; files that were written stay. "
            "Open it, or leave out --json."
        )
    say(json.dumps(document, indent=2))
