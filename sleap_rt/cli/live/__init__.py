"""`sleap-nn live`: predict and follow animals while a camera runs."""

from sleap_rt.cli.live.command import command

__all__ = ["command"]
