"""The command line: one file per command. Parses, builds options, calls one function, prints."""

from sleap_rt.cli.app import main

__all__ = ["main"]
