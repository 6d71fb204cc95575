"""Serves the newest result as a moving picture, on this machine only."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sleap_rt.errors import OptionError
from sleap_rt.libraries.opencv import need_opencv
from sleap_rt.runtime.live.result import LiveResult

_HERE = "127.0.0.1"
_BOUNDARY = b"frame"
_PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>sleap-rt live</title>
<style>body{margin:0;background:#111;display:grid;place-items:center;height:100vh}
img{max-width:100vw;max-height:100vh}</style>
<img src="/stream" alt="the camera with poses"></html>"""


class View:
    """An `Outlet`. Pictures are made for who is watching, in threads of their own.

    Args:
        port: of 127.0.0.1; 0 takes any that is free.

    Attributes:
        address: to open in a browser.

    Raises:
        OptionError: the port is in use, or OpenCV is not installed.
    """

    def __init__(self, port: int) -> None:
        need_opencv("view")
        self._newest = _Newest()
        newest = self._newest

        class Handler(_Handler):
            results = newest

        try:
            self._server = ThreadingHTTPServer((_HERE, port), Handler)
        except OSError as error:
            raise OptionError(
                f"view {port}: the page cannot be served there: {error.strerror}. Choose another "
                "port, or 0 for any."
            ) from error
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.address = f"http://{_HERE}:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, name="view", daemon=True).start()

    def take(self, result: LiveResult) -> None:
        self._newest.put(result)

    def close(self) -> None:
        self._newest.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Newest:
    """The newest result, for any number of threads that wait for it; None at the end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._result: LiveResult | None = None
        self._number = 0

    def put(self, result: LiveResult | None) -> None:
        with self._changed:
            self._result, self._number = result, self._number + 1
            self._changed.notify_all()

    def after(self, number: int) -> tuple[LiveResult | None, int]:
        """The newest result behind that number, and its own."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number)
            return self._result, self._number


class _Handler(BaseHTTPRequestHandler):
    results: _Newest

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in (_HERE, "localhost"):  # a page of elsewhere, under a name that leads here
            self.send_error(403)
        elif self.path == "/":
            self._begin("text/html; charset=utf-8")
            self.wfile.write(_PAGE)
        elif self.path == "/stream":
            self._begin(f"multipart/x-mixed-replace; boundary={_BOUNDARY.decode()}")
            with suppress(OSError):  # the browser has gone
                self._stream()
        else:
            self.send_error(404)

    def _begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def _stream(self) -> None:
        from sleap_rt.runtime.live.view.drawing import jpeg_of

        number = 0
        while True:
            result, number = self.results.after(number)
            if result is None:
                return
            picture = jpeg_of(result)
            head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
            self.wfile.write(b"--" + _BOUNDARY + b"\r\n" + head + picture + b"\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: standard error is for figures."""
