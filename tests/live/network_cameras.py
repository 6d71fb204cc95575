"""A network camera on this machine: JPEG pictures over HTTP, as many IP cameras send them."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2


@contextmanager
def network_camera(images: Sequence, rate: float = 50.0) -> Iterator[str]:
    """Its address. It sends the images at that rate, to each who asks, and then disappears.

    Args:
        images: (height, width, channels) uint8.
        rate: per second.
    """
    pictures = [cv2.imencode(".jpg", image)[1].tobytes() for image in images]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
            self.end_headers()
            started = time.monotonic()
            for number, picture in enumerate(pictures):
                time.sleep(max(0.0, started + number / rate - time.monotonic()))
                head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
                try:
                    self.wfile.write(head.encode() + b"\r\n\r\n" + picture + b"\r\n")
                except OSError:
                    return

        def log_message(self, format, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://user:secret@127.0.0.1:{server.server_port}/stream.mjpg"
    finally:
        server.shutdown()
        server.server_close()
