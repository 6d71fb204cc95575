"""A command that understands, or explains, the options of sleap-nn and of SLEAP 1.4 or older."""

import click

from sleap_rt.cli.options.resume import with_auto_resume
from sleap_rt.cli.options.sections import SectionedCommand
from sleap_rt.errors import OptionError
from sleap_rt.options.upstream import RENAMED, why_unknown

# Hidden: taken for programs that send them, not offered to people.
UPSTREAM = (
    click.option("--use_kalman", is_flag=True, hidden=True),
    click.option("--kf_track_features", hidden=True),
    click.option("--kf_init_frame_count", type=int, hidden=True),
    click.option("--kf_node_indices", hidden=True),
    click.option("--kf_reset_gap_size", type=int, hidden=True),
)


class DialectCommand(SectionedCommand):
    """Takes options under sleap-nn's names, and says of those that are not here why."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            words = with_auto_resume([self._in_our_words(word) for word in args])
            return super().parse_args(ctx, words)
        except click.NoSuchOption as error:
            reason = why_unknown(_plain(error.option_name), self.name or "")
            if reason is None:
                raise
            raise OptionError(reason) from None

    def _in_our_words(self, word: str) -> str:
        name, equals, value = word.partition("=")
        ours = RENAMED.get(self.name or "", {}).get(_plain(name)) if name[:2] == "--" else None
        return word if ours is None else f"--{ours}{equals}{value}"


def _plain(option: str) -> str:
    return option.lstrip("-").replace("-", "_")
