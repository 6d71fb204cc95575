"""A scheduler that cannot be there is refused ahead of all work."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from sleap_rt.errors import RunError
from sleap_rt.workflows.cluster.asked import AskedCluster
from sleap_rt.workflows.cluster.connection import check_host


def test_a_machine_that_is_not_found_is_refused(monkeypatch):
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(RunError, match="no machine named 'haed' is found"):
        check_host(AskedCluster(address="tcp://haed:8786"))
    check_host(AskedCluster(n_local=2))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "[::1]:8786", "localhost:8786"])
def test_an_address_is_left_to_be_connected_with(address, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port: asked.append(host))
    check_host(AskedCluster(address=address))
    assert asked in (["127.0.0.1"], ["::1"], ["localhost"])


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes here")
def test_ctrl_c_is_left_to_the_program_by_its_workers(
    request, sample_graphs, tmp_path, ctrl_c_raises
):
    """A terminal sends it to all processes; only one line may tell it."""
    (graph,) = sample_graphs("bottomup")
    clip, out = request.config.rootpath / "samples/crawlers.mp4", tmp_path / "out.slp"
    words = ["track", clip, "-m", graph, "-o", out, "-b", "1", "--cluster", "local:2"]
    with subprocess.Popen(
        [sys.executable, "-m", "sleap_rt", *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stderr is not None
        assert any(line.startswith("worker ") for line in running.stderr)  # frames are out
        os.killpg(running.pid, signal.SIGINT)
        told = running.stderr.read()
    assert running.returncode == 130, told
    assert "interrupted: " in told
    assert "Traceback" not in told
    assert "distributed" not in told


def test_a_script_needs_no_guard_around_its_call(request, sample_graphs, tmp_path):
    """Workers are processes that are spawned, and would run the script once more."""
    (graph,) = sample_graphs("bottomup")
    clip, script = request.config.rootpath / "samples/crawlers.mp4", tmp_path / "script.py"
    script.write_text(
        "print('begins')\n"
        "from sleap_rt import run_inference\n"
        f"labels = run_inference({str(clip)!r}, model_paths={str(graph)!r}, cluster='local:2',\n"
        "                       frames=range(8))\n"
        "print(len(labels))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["begins", "8"]), done.stderr
    assert "Traceback" not in done.stderr
