"""Reads mutants in child processes, which may hang, run out of memory or crash."""

import contextlib
import json
import os
import random
import resource
import select
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutations import mutated
from readers import Kind

from sleap_rt.errors import SleapRtError

LONGEST_S = 5.0  # of the processor's time for one mutant
_LONGEST_WAIT_S = 60.0  # of the clock: a process that waits for something uses no time
MOST_BYTES = 1 << 30  # that one mutant may make the process grow by
_MOST_ADDRESSES = 3 << 30
_LONGEST_MESSAGE = 3000  # characters


@dataclass(frozen=True)
class Outcome:
    """What a reader did with one mutant.

    Attributes:
        number: of the mutant.
        what: `ok`, `own` (an error of ours); or a fault: `foreign`, `hang`, `memory`, `crash`,
            `long` (a message that nobody would read).
        where: of a fault, in one line; equal for equal faults.
    """

    number: int
    what: str
    where: str = ""

    @property
    def is_fault(self) -> bool:
        return self.what not in ("ok", "own")


def mutant(kind: Kind, name: str, seeds: list[bytes], seed: int, number: int) -> bytes:
    """A mutant, the same whenever it is asked for."""
    rng = random.Random(f"{name} {seed} {number}")
    content = rng.choice(seeds)
    if kind.within is not None and rng.random() < 0.5:
        return kind.within(content, rng, mutated)
    return mutated(content, rng)


def outcomes(
    kind: Kind, name: str, seeds: list[bytes], path: Path, seed: int, first: int, n: int
) -> Iterator[Outcome]:
    """Read `n` mutants, in a child process that is started anew after each fault that ends it."""
    end = first + n
    while first < end:
        receiver, sender = os.pipe()
        child = os.fork()
        if not child:
            os.close(receiver)
            _read_all(kind, name, seeds, path, seed, range(first, end), sender)
        os.close(sender)
        for outcome in _received(receiver, child, first):
            yield outcome
            first = outcome.number + 1
        os.close(receiver)


def _received(receiver: int, child: int, first: int) -> Iterator[Outcome]:
    number, buffer = first, b""
    while True:
        ready, _, _ = select.select([receiver], [], [], _LONGEST_WAIT_S)
        part = os.read(receiver, 1 << 16) if ready else b""
        *lines, buffer = (buffer + part).split(b"\n")
        for line in lines:
            yield Outcome(number, **json.loads(line))
            number += 1
        if not part:
            break
    if not ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not ready or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF):
        yield Outcome(number, "hang", f"more than {LONGEST_S:g} s" if ready else "waits for ever")
    elif status:
        yield Outcome(number, "crash", f"status {status}")


def _read_all(
    kind: Kind, name: str, seeds: list[bytes], path: Path, seed: int, numbers: range, sender: int
) -> None:
    """In the child: read the mutants, and tell the parent of each."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    limit = _memory("VmSize") + _MOST_ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for number in numbers:
        path.unlink(missing_ok=True)
        path.write_bytes(mutant(kind, name, seeds, seed, number))
        what, where = _read(kind, path)
        os.write(sender, json.dumps({"what": what, "where": where}).encode() + b"\n")
    os._exit(0)


def _read(kind: Kind, path: Path) -> tuple[str, str]:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # forget the largest size so far
    before = _memory("VmRSS")
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
    try:
        kind.read(path)
        what, where = "ok", ""
    except SleapRtError as error:
        what, where = "own", ""
        if len(str(error)) > _LONGEST_MESSAGE:
            what, where = "long", _place_of(error)
    except BaseException as error:
        what, where = "foreign", f"{type(error).__name__} {_place_of(error)}: {str(error)[:100]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if _memory("VmHWM") - before > MOST_BYTES:
        return "memory", f"{(_memory('VmHWM') - before) >> 20} MB, then {what} {where}"
    return what, where


def _place_of(error: BaseException) -> str:
    """The last line of ours that the error passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "sleap_rt" in frame.filename]
    last = (ours or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno} {last.name}"


def _memory(name: str) -> int:
    """Bytes, as the kernel counts them."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise OSError(f"the kernel does not tell {name}")
