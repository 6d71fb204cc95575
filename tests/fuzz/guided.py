"""Mutants of one kind that are kept where they reach new code: atheris (`pip install atheris`).

Mutants and limits are atheris's own: 5 s, 4 GB for the whole process, and any error but ours.
"""

import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import SleapRtError

if TYPE_CHECKING:
    from run import Fuzz


def guided(fuzz: "Fuzz", seconds: float) -> int:
    """Fuzz until the time is over or a fault is found; does not return where one is found."""
    import atheris

    with atheris.instrument_imports(include=["sleap_rt"]):
        fuzz.check_seeds()  # which imports the modules of the reader
    with tempfile.TemporaryDirectory(prefix="corpus-") as corpus:
        for number, seed in enumerate(fuzz.seeds):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)

        def one(content: bytes) -> None:
            fuzz.path.write_bytes(content)
            with suppress(SleapRtError):
                fuzz.kind.read(fuzz.path)

        limits = [f"-max_total_time={seconds:.0f}", "-timeout=5", "-rss_limit_mb=4096"]
        atheris.Setup([sys.argv[0], *limits, corpus], one)
        atheris.Fuzz()
    return 0
