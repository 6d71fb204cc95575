"""Which engine, how many threads and which batch are fastest for one model here: found by trying.

All contestants run the same frames by turns, so that other work on the machine hits them alike.
What is measured is a run as a whole, reading of frames included, since that takes its share of the
cores.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol, TypeVar

from sleap_rt.errors import SleapRtError
from sleap_rt.words import counted

_FEWEST_ROUNDS, _MOST_ROUNDS = 3, 8  # the median of three holds out against one that is disturbed
_LONG_TURN, _SHORT_TURN = 16, 8  # frames
_LONGEST_TURN_S = 0.5  # of the long turn; where it would take more, turns are short
_BUDGET_S = 1.5  # of all contestants that run by turns; the fewest rounds may take longer
_WORTH_A_CHANGE = 0.9  # of the time: less is noise
Clock = Callable[[], float]
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One contestant, measured.

    Attributes:
        engine: its name.
        threads: of the engine.
        batch_size: frames per call.
        frames_per_second: reading included, opening left out.
        open_seconds: from nothing to the first results.
    """

    engine: str
    threads: int
    batch_size: int
    frames_per_second: float
    open_seconds: float

    def __post_init__(self) -> None:
        if not self.frames_per_second > 0:
            raise ValueError(f"a speed of {self.frames_per_second} frames per second")

    def seconds(self, n_frames: int) -> float:
        """What a run of this many frames takes."""
        return self.open_seconds + n_frames / self.frames_per_second


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was measured.

    Attributes:
        trials: each engine as it is first asked for, then variants of the fastest one.
        left_out: why an engine may not be chosen, in words, by its name.
    """

    trials: tuple[Trial, ...]
    left_out: Mapping[str, str]

    def best(self, usual: str, n_frames: int) -> Trial | None:
        """What runs this many frames in the least time; None if no engine is left.

        Args:
            usual: the engine that is taken without evidence; others must be clearly faster.
            n_frames: of the run; opening an engine counts more the fewer they are.
        """
        firsts = self._firsts()
        if not firsts:
            return None
        best = min(firsts.values(), key=lambda trial: trial.seconds(n_frames))
        if usual in firsts and not _is_worth(best, firsts[usual], n_frames):
            best = firsts[usual]
        variants = [trial for trial in self.trials if trial.engine == best.engine]
        fastest = min(variants, key=lambda trial: trial.seconds(n_frames))
        return fastest if _is_worth(fastest, best, n_frames) else best

    def _firsts(self) -> dict[str, Trial]:
        """Each engine as it is first asked for."""
        return {trial.engine: trial for trial in reversed(self.trials)}

    def why(self, best: Trial, n_frames: int) -> str:
        """Why an engine is taken, in one line: not always because it is the fastest.

        Args:
            best: that runs so many frames.
            n_frames: of the run.
        """
        firsts, found = self._firsts(), self.in_words()
        fastest = max(firsts.values(), key=lambda trial: trial.frames_per_second)
        own = firsts[best.engine]
        if own.frames_per_second == fastest.frames_per_second:
            return found
        if own.seconds(n_frames) < fastest.seconds(n_frames):
            sooner = f"done before {fastest.engine}, as it opens quicker"
            return f"over {counted(n_frames, 'frame')} {sooner} ({found})"
        return f"no other saves a tenth of this run ({found})"

    def in_words(self) -> str:
        """All of it, in one line."""
        ordered = sorted(self._firsts().values(), key=lambda trial: -trial.frames_per_second)
        speeds = ", ".join(f"{one.engine} {one.frames_per_second:.0f}" for one in ordered)
        words = [f"measured here, frames/s: {speeds}"] if speeds else []
        words += [f"{engine} left out: {reason}" for engine, reason in self.left_out.items()]
        return "; ".join(words)


def _is_worth(trial: Trial, other: Trial, n_frames: int) -> bool:
    return trial.seconds(n_frames) < _WORTH_A_CHANGE * other.seconds(n_frames)


class Contestant(Protocol):
    """A model, open in one engine."""

    def run(self, batch_size: int, n_frames: int) -> int:
        """Predict this many frames, or as many as there are; how many these were."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Who takes part.

    Attributes:
        engines: names.
        threads: with which every engine is tried, then those of variants.
        batch_sizes: the same.
        n_at_once: batches that are computed side by side.
        enter: (engine, threads) -> the contestant.
        objection: engine -> why it must not be chosen, in words; None if it may.
    """

    engines: Sequence[str]
    threads: Sequence[int]
    batch_sizes: Sequence[int]
    n_at_once: int
    enter: Callable[[str, int], Contestant]
    objection: Callable[[str], str | None]


@dataclass
class _Entered:
    contestant: Contestant
    threads: int
    open_seconds: float


def hold_trials(rules: Rules, clock: Clock) -> Evidence:
    """Try every engine, then other threads and batches with the fastest.

    An engine that cannot be opened or run is left out; nothing of it is raised.
    """
    entered: dict[str, _Entered] = {}
    left_out: dict[str, str] = {}
    try:
        for engine in rules.engines:
            try:
                objection = rules.objection(engine)
                if objection is None:
                    entered[engine] = _enter(rules, engine, rules.threads[0], clock)
                else:
                    left_out[engine] = objection
            except Exception as error:  # whatever a library does, the others are tried as well
                left_out[engine] = f"it does not run here: {_in_one_line(error)}"
        return _measured(rules, entered, left_out, clock)
    finally:
        for one in entered.values():
            one.contestant.close()


def _enter(rules: Rules, engine: str, threads: int, clock: Clock) -> _Entered:
    started, batch_size = clock(), rules.batch_sizes[0]
    contestant = rules.enter(engine, threads)
    try:
        # Engines prepare for a shape when they first run it.
        contestant.run(batch_size, rules.n_at_once * batch_size)
    except BaseException:
        contestant.close()
        raise
    return _Entered(contestant, threads, clock() - started)


def _turn_length(entered: Mapping[str, _Entered], batch_size: int, clock: Clock) -> int:
    """Frames that a turn takes, by the speed of the engine that entered first."""
    for one in entered.values():
        started = clock()
        n_frames = one.contestant.run(batch_size, batch_size)
        if (clock() - started) / n_frames * _LONG_TURN > _LONGEST_TURN_S:
            return _SHORT_TURN
        break
    return _LONG_TURN


def _measured(
    rules: Rules, entered: dict[str, _Entered], left_out: dict[str, str], clock: Clock
) -> Evidence:
    batch_size = rules.batch_sizes[0]
    length = _turn_length(entered, batch_size, clock)
    turns = {name: _turn(rules, one, batch_size, length) for name, one in entered.items()}
    speeds = _speeds(turns, clock)
    trials = [_trial(name, entered[name], batch_size, speeds[name]) for name in entered]
    if trials:
        fastest = max(trials, key=lambda trial: trial.frames_per_second).engine
        trials += _variants(rules, fastest, entered[fastest], length, clock)
    return Evidence(trials=tuple(trials), left_out=left_out)


def _variants(rules: Rules, engine: str, full: _Entered, length: int, clock: Clock) -> list[Trial]:
    """The fastest engine with other threads and batches."""
    others: dict[tuple[int, int], _Entered] = {
        (full.threads, size): full for size in rules.batch_sizes[1:]
    }
    fewer = []
    try:
        for threads in rules.threads[1:]:
            fewer.append(_enter(rules, engine, threads, clock))
            others[threads, rules.batch_sizes[0]] = fewer[-1]
        turns = {key: _turn(rules, one, key[1], length) for key, one in others.items()}
        speeds = _speeds(turns, clock)
    except Exception:  # memory may not do for larger batches: the engine as it is stays
        return []
    finally:
        for one in fewer:
            one.contestant.close()
    return [_trial(engine, one, key[1], speeds[key]) for key, one in others.items()]


def _turn(rules: Rules, one: _Entered, batch_size: int, n_frames: int) -> Callable[[], int]:
    n_frames = max(n_frames, rules.n_at_once * batch_size)
    return lambda: one.contestant.run(batch_size, n_frames)


def _speeds(turns: Mapping[_Key, Callable[[], int]], clock: Clock) -> dict[_Key, float]:
    """Frames per second of each, by the median of several rounds."""
    rates: dict[_Key, list[float]] = {key: [] for key in turns}
    started = clock()
    for number in range(_MOST_ROUNDS):
        if number >= _FEWEST_ROUNDS and clock() - started > _BUDGET_S:
            break
        for key, turn in turns.items():
            before = clock()
            n_frames = turn()
            rates[key].append(n_frames / max(clock() - before, 1e-9))
    return {key: median(found) for key, found in rates.items()}


def _trial(engine: str, one: _Entered, batch_size: int, frames_per_second: float) -> Trial:
    return Trial(
        engine=engine,
        threads=one.threads,
        batch_size=batch_size,
        frames_per_second=frames_per_second,
        open_seconds=one.open_seconds,
    )


def _in_one_line(error: Exception) -> str:
    words = str(error) if isinstance(error, SleapRtError) else f"{type(error).__name__}: {error}"
    return words.partition("\n")[0]
