"""Plays a video to `sleap-rt live` and listens to what it says over ZeroMQ.

`python release/heard.py VIDEO GRAPHS`, with the Python that has sleap-rt[live].
"""

import json
import subprocess
import sys
from pathlib import Path

import zmq

N_RESULTS = 3
WAIT_MS = 120_000  # a busy machine opens the engine slowly


def main(video: str, graphs: str) -> None:
    socket = zmq.Context.instance().socket(zmq.SUB)
    port = _free_port()
    socket.connect(f"tcp://127.0.0.1:{port}")
    socket.setsockopt_string(zmq.SUBSCRIBE, "")
    socket.setsockopt(zmq.RCVTIMEO, WAIT_MS)
    program = Path(sys.executable).with_name("sleap-rt")
    address = f"tcp://127.0.0.1:{port}"
    live = subprocess.Popen([program, "live", "-i", video, "-m", graphs, "--zmq", address])
    try:
        results = [json.loads(socket.recv()) for _ in range(N_RESULTS)]
    finally:
        live.terminate()
        live.wait()
    if not all(result["animals"] for result in results):
        sys.exit(f"no animals in {results}")


def _free_port() -> int:
    with zmq.Context.instance().socket(zmq.PUB) as socket:
        return socket.bind_to_random_port("tcp://127.0.0.1")


if __name__ == "__main__":
    main(*sys.argv[1:])
