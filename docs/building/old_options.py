"""Options of SLEAP 1.4 and older, and what they are here, as the program tells them."""

from sleap_rt.options.upstream import OLD_DIALECT


def table() -> str:
    rows = [f"| `--{name}` | {here} |" for name, here in OLD_DIALECT.items()]
    return "\n".join(["| `sleap-track` | here |", "|---|---|", *rows])
