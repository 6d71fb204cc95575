"""A command that understands, or explains, the options of sleap-nn and of SLEAP 1.4 or older."""

from collections.abc import Sequence

import click

from sleap_rt.cli.options.resume import with_auto_resume
from sleap_rt.cli.options.sections import SectionedCommand
from sleap_rt.options.upstream import RENAMED, why_unknown

# Hidden: taken for programs that send them, not offered to people.
UPSTREAM = (
    click.option("--use_kalman", is_flag=True, hidden=True),
    click.option("--kf_track_features", hidden=True),
    click.option("--kf_init_frame_count", type=int, hidden=True),
    click.option("--kf_node_indices", hidden=True),
    click.option("--kf_reset_gap_size", type=int, hidden=True),
    click.option("--cpu_workers", type=int, hidden=True),
    click.option("--paf_workers", type=int, hidden=True),
    click.option("--stream_to_file", is_flag=True, default=None, hidden=True),
    click.option("--write_interval", type=int, hidden=True),
)


class DialectCommand(SectionedCommand):
    """Takes options under sleap-nn's names, and says of those that are not here why."""

    def words(self, args: Sequence[str]) -> list[str]:
        return super().words(with_auto_resume([self._in_our_words(word) for word in args]))

    def why_unknown(self, option: str) -> str | None:
        of_sleap_nn = why_unknown(_plain(option), self.name or "")
        return f"--{of_sleap_nn}" if of_sleap_nn else super().why_unknown(option)

    def _in_our_words(self, word: str) -> str:
        name, equals, value = word.partition("=")
        ours = RENAMED.get(self.name or "", {}).get(_plain(name)) if name[:2] == "--" else None
        return word if ours is None else f"--{ours}{equals}{value}"


def _plain(option: str) -> str:
    return option.lstrip("-").replace("-", "_")
