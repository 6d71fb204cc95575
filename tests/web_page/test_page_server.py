"""The page is served to this machine alone."""

import http.client
import socket

import pytest

from sleap_rt.errors import EngineError
from sleap_rt.web_page.server import LOOPBACK, PageServer
from web_page.pages import serving

CONTENT = {"index.html": b"<p>page</p>", "models/a.onnx": b"graph", "x.mjs": b"1", "b.wasm": b"2"}


@pytest.fixture
def server():
    with serving(CONTENT) as server:
        yield server


def asked(server, path="/", method="GET", host=None, known=None):
    connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"{LOOPBACK}:{server.server_port}")
    if known is not None:
        connection.putheader("If-None-Match", known)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_files_come_with_their_types_and_as_an_isolated_page(server):
    for path, name, kind in (
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html?x=1#y", "index.html", "text/html; charset=utf-8"),
        ("/models/a.onnx", "models/a.onnx", "application/octet-stream"),
        ("/x.mjs", "x.mjs", "text/javascript; charset=utf-8"),
        ("/b.wasm", "b.wasm", "application/wasm"),
    ):
        answer, body = asked(server, path)
        assert (answer.status, body) == (200, CONTENT[name])
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    answer, body = asked(server, method="HEAD")
    assert (answer.status, body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT["index.html"]))


def test_what_a_browser_still_has_is_not_sent_again(server):
    tag = asked(server, "/b.wasm")[0].headers["ETag"]
    answer, body = asked(server, "/b.wasm", known=tag)
    assert (answer.status, body) == (304, b"")
    assert asked(server, "/x.mjs", known=tag)[0].status == 200


@pytest.mark.parametrize(
    "path", ["/no", "/../page.py", "/%2e%2e/page.py", "//etc/passwd", "/models"]
)
def test_nothing_else_is_there(server, path):
    assert asked(server, path)[0].status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "127.0.0.1", "[::1]"])
def test_other_hosts_are_refused(server, host):
    answer, body = asked(server, host=host)
    assert answer.status == 403
    assert b"this machine only" in body
    assert asked(server, host=f"localhost:{server.server_port}")[0].status == 200


def test_only_reading_is_answered(server):
    assert asked(server, method="POST")[0].status == 501


def test_it_listens_on_the_loopback_interface_alone(server):
    assert server.socket.getsockname()[0] == LOOPBACK
    assert server.address == f"http://127.0.0.1:{server.server_port}/"


def test_a_port_that_is_taken_is_told_or_passed_over(server, monkeypatch):
    with pytest.raises(EngineError, match=f"Port {server.server_port} cannot be listened on"):
        PageServer(CONTENT, server.server_port)
    monkeypatch.setattr("sleap_rt.web_page.server.USUAL_PORT", server.server_port)
    with PageServer(CONTENT) as other:
        assert other.server_port != server.server_port


def test_a_browser_that_goes_away_is_no_fault(server, capfd):
    with socket.create_connection((LOOPBACK, server.server_port)) as gone:
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        gone.sendall(b"GET /")
    assert asked(server)[0].status == 200
    assert "Traceback" not in capfd.readouterr().err
