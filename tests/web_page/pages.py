"""Serving a page to a test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sleap_rt.web_page.server import PageServer

WEB = Path(__file__).resolve().parents[2] / "web"
LONGEST_S = 180  # that a browser may take


@contextmanager
def serving(content) -> Iterator[PageServer]:
    """A server that answers, on any free port."""
    with PageServer(content, 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
