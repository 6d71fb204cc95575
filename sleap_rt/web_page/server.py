"""Serves a page to the browsers of this machine, and to nobody else."""

import socket
import sys
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sleap_rt.errors import EngineError
from sleap_rt.web_page.content import Content

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8000
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
}
_HEADERS = {
    # Isolated pages may share memory between threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The page's own policy, and what a page cannot say of itself.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
        "img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Asked for again each time, since another model may be served at the same address tomorrow;
    # what is still the same is not sent again, nor compiled.
    "Cache-Control": "no-cache",
}


class PageServer(ThreadingHTTPServer):
    """A server on the loopback interface.

    Args:
        content: of the page; nothing else can be asked for.
        port: to listen on; None takes the usual one, or any where that is taken.

    Attributes:
        address: to open in a browser.

    Raises:
        EngineError: the port is taken, or not allowed.
    """

    daemon_threads = True

    def __init__(self, content: Content, port: int | None = None) -> None:
        self.content = content
        try:
            super().__init__((LOOPBACK, USUAL_PORT if port is None else port), _Answer)
        except (OSError, OverflowError) as error:
            if port is not None:
                raise EngineError(
                    f"Port {port} cannot be listened on ({error}); choose another --port"
                ) from error
            super().__init__((LOOPBACK, 0), _Answer)
        self.address = f"http://{LOOPBACK}:{self.server_port}/"

    @property
    def hosts(self) -> frozenset[str]:
        """Names under which it may be asked.

        A page of somewhere else can give its own name this machine's address, and would be let in.
        """
        return frozenset(f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost"))

    def server_bind(self) -> None:
        # Elsewhere this lets a port be taken at once that a server has just left; on Windows it
        # would let two servers share one.
        self.allow_reuse_address = sys.platform != "win32"
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers drop connections as they like; all else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError | socket.timeout):
            super().handle_error(request, client_address)


class _Answer(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sleap-rt", ""

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_GET  # noqa: N815 - named by the protocol

    def _answer(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            self._send(HTTPStatus.FORBIDDEN, ".txt", b"This page is for this machine only.\n")
            return
        name = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
        found = self.server.content.get(name)
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, ".txt", b"There is no such file.\n")
            return
        body = found.read_bytes() if isinstance(found, Path) else found
        tag = f'"{sha256(body).hexdigest()}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(HTTPStatus.NOT_MODIFIED, Path(name).suffix, b"", tag)
        else:
            self._send(HTTPStatus.OK, Path(name).suffix, body, tag)

    def _send(self, status: HTTPStatus, suffix: str, body: bytes, tag: str | None = None) -> None:
        self.send_response(status)
        if tag is not None:
            self.send_header("ETag", tag)
        self.send_header("Content-Type", _TYPES.get(suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a page is a dozen requests."""
