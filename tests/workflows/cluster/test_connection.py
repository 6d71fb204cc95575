"""A scheduler that cannot be there is refused ahead of all work."""

import socket

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
