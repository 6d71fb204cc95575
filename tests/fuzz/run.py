"""Damages files of every kind that is read, and counts what the readers do with them.

    python tests/fuzz/run.py --seconds 300             all kinds, in turn
    python tests/fuzz/run.py --kinds yaml,onnx --mutants 10000
    python tests/fuzz/run.py --kinds yaml --show 1234  writes mutant 1234 to a file
    python tests/fuzz/run.py --kinds yaml --coverage   guided by coverage (needs atheris)

Every mutant must be read, or refused by an error of ours, within 5 s and 1 GB. Leaves with 1 where
one was not. Linux only.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from children import Outcome, mutant, outcomes
from readers import KINDS, lay_out

_ROUND = 100  # mutants of a kind in turn


class Fuzz:
    """Mutants of one kind, and what became of them so far."""

    def __init__(self, name: str, folder: Path, seed: int) -> None:
        self.name, self.kind, self.seed = name, KINDS[name], seed
        (folder / "seeds").mkdir(parents=True)
        (folder / "work").mkdir()
        self.seeds = self.kind.seeds(folder / "seeds")
        self.path = lay_out(self.kind, folder / "work", folder / "seeds")
        self.n, self.seconds = 0, 0.0
        self.counts: Counter[str] = Counter()
        self.faults: dict[tuple[str, str], Outcome] = {}

    def check_seeds(self) -> None:
        """A reader that refuses whole files would pass every test."""
        for seed in self.seeds:
            self.path.write_bytes(seed)
            self.kind.read(self.path)

    def go(self, n: int) -> None:
        started = time.monotonic()
        for outcome in outcomes(self.kind, self.name, self.seeds, self.path, self.seed, self.n, n):
            self.counts[outcome.what] += 1
            if outcome.is_fault:
                self.faults.setdefault((outcome.what, outcome.where), outcome)
        self.n += n
        self.seconds += time.monotonic() - started

    def report(self) -> str:
        known = ("ok", "own", "foreign", "hang", "memory", "crash", "long")
        counted = " / ".join(str(self.counts[what]) for what in known)
        lines = [f"{self.name:8} {self.n:6} {self.seconds:6.1f} s  {counted}"]
        for (what, where), outcome in self.faults.items():
            lines.append(f"    {what} at mutant {outcome.number}: {where}")
        return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    names = options.kinds.split(",")
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        fuzzes = [Fuzz(name, Path(folder) / name, options.seed) for name in names]
        if options.show is not None:
            return _show(fuzzes[0], options.show)
        if options.coverage:
            from guided import guided

            return guided(fuzzes[0], options.seconds)
        for fuzz in fuzzes:
            fuzz.check_seeds()
        print("kind     mutants   time  ok / own / foreign / hang / memory / crash / long message")
        if options.mutants is None:
            _go_round(fuzzes, options.seconds)
        for fuzz in fuzzes:
            fuzz.go(options.mutants or 0)
            print(fuzz.report(), flush=True)
    return int(any(fuzz.faults for fuzz in fuzzes))


def _go_round(fuzzes: Sequence[Fuzz], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for fuzz in fuzzes:
            if time.monotonic() < end:
                fuzz.go(_ROUND)


def _show(fuzz: Fuzz, number: int) -> int:
    path = Path(f"mutant-{fuzz.name}-{number}{Path(fuzz.kind.name).suffix}")
    path.write_bytes(mutant(fuzz.kind, fuzz.name, fuzz.seeds, fuzz.seed, number))
    print(path)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Damage files, and see what their readers do.")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of files, separated by commas")
    parser.add_argument("--seconds", type=float, default=60, help="for all kinds together")
    parser.add_argument("--mutants", type=int, help="of each kind, in place of a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, metavar="N", help="write mutant N and stop")
    parser.add_argument("--coverage", action="store_true", help="one kind, guided by coverage")
    return parser


if __name__ == "__main__":
    sys.exit(main())
