"""The contract of a graph whose network was brought to fewer bits."""

from dataclasses import replace

from sleap_rt.contract import Certificate, GraphContract, Precision


def reduced_contract(
    exact: GraphContract, precision: Precision, certificate: Certificate | None = None
) -> GraphContract:
    """All of the float32 graph's but its certificate, which says nothing of the reduced graph."""
    return replace(exact, precision=precision, certificate=certificate)
