"""Trials of engines, with engines and a clock that the test makes up."""

from collections import Counter

import pytest

from sleap_rt.errors import EngineError
from sleap_rt.runtime.inspect.trials import Evidence, Rules, Trial, hold_trials


class Stadium:
    """Engines that take the given ms per frame, by (engine, threads, batch), and a clock.

    Attributes:
        now: s; only running and opening take time.
        opened: contestants that are open.
        runs: (engine, threads, batch) of every run, in order.
        lengths: frames of every run.
    """

    def __init__(self, ms, opening=None, objections=None):
        self.ms, self.opening, self.objections = ms, opening or {}, objections or {}
        self.now, self.opened, self.runs, self.lengths = 0.0, Counter(), [], []
        self.stalls = {}  # number of a run, from 1 -> s that it takes more

    def enter(self, engine, threads):
        return Runner(self, engine, threads)

    def hold(self, engines, threads=(4,), batch_sizes=(4,), n_at_once=1):
        rules = Rules(
            engines=engines,
            threads=threads,
            batch_sizes=batch_sizes,
            n_at_once=n_at_once,
            enter=self.enter,
            objection=self.objections.get,
        )
        evidence = hold_trials(rules, lambda: self.now)
        assert not +self.opened, "one was left open"
        return evidence


class Runner:
    def __init__(self, stadium, engine, threads):
        self.stadium, self.engine, self.threads = stadium, engine, threads
        stadium.now += stadium.opening.get(engine, 0.1)
        stadium.opened[engine] += 1

    def run(self, batch_size, n_frames):
        place = (self.engine, self.threads, batch_size)
        self.stadium.runs.append(place)
        self.stadium.lengths.append(n_frames)
        self.stadium.now += self.stadium.stalls.get(len(self.stadium.runs), 0.0)
        cost = self.stadium.ms.get(place, self.stadium.ms.get(self.engine))
        if isinstance(cost, Exception):
            raise cost
        self.stadium.now += n_frames * cost / 1000
        return n_frames

    def close(self):
        self.stadium.opened[self.engine] -= 1


def chosen(evidence, n_frames=100_000, usual="usual"):
    best = evidence.best(usual, n_frames)
    return best and (best.engine, best.threads, best.batch_size)


def test_the_fastest_engine_is_chosen_and_its_speed_known():
    evidence = Stadium({"usual": 10, "quick": 5, "slow": 20}).hold(["usual", "quick", "slow"])
    assert chosen(evidence) == ("quick", 4, 4)
    speeds = {trial.engine: trial.frames_per_second for trial in evidence.trials}
    assert speeds == pytest.approx({"usual": 100, "quick": 200, "slow": 50})
    assert evidence.in_words() == "measured here, frames/s: quick 200, usual 100, slow 50"


@pytest.mark.parametrize(("ms", "engine"), [(9.5, "usual"), (8.5, "other")])
def test_the_usual_engine_stays_unless_another_is_clearly_faster(ms, engine):
    evidence = Stadium({"usual": 10, "other": ms}).hold(["usual", "other"])
    assert chosen(evidence) == (engine, 4, 4)


@pytest.mark.parametrize(("n_frames", "engine"), [(200, "usual"), (10_000, "late")])
def test_in_a_short_run_opening_counts(n_frames, engine):
    evidence = Stadium({"usual": 10, "late": 5}, {"late": 3}).hold(["usual", "late"])
    assert chosen(evidence, n_frames)[0] == engine


@pytest.mark.parametrize(
    ("n_frames", "engine", "words"),
    [
        (200, "usual", "over 200 frames done before late, as it opens quicker ({})"),
        (10_000, "late", "{}"),
    ],
)
def test_the_reason_is_one_for_the_engine_that_is_taken(n_frames, engine, words):
    evidence = Stadium({"usual": 10, "late": 5}, {"late": 3}).hold(["usual", "late"])
    best = evidence.best("usual", n_frames)
    assert best.engine == engine
    assert evidence.why(best, n_frames) == words.format(evidence.in_words())


@pytest.mark.parametrize(("ms", "opening", "n_frames"), [(9.5, 0.1, 100_000), (5, 0.6, 120)])
def test_an_engine_that_stays_for_want_of_a_clear_gain_is_told_so(ms, opening, n_frames):
    """The other one is quicker over these frames as well, if hardly."""
    evidence = Stadium({"usual": 10, "other": ms}, {"other": opening}).hold(["usual", "other"])
    best = evidence.best("usual", n_frames)
    assert best.engine == "usual"
    words = f"no other saves a tenth of this run ({evidence.in_words()})"
    assert evidence.why(best, n_frames) == words


def test_an_engine_that_rounds_too_much_is_never_run_and_named():
    stadium = Stadium({"usual": 10, "rough": 1}, objections={"rough": "points differ by 3 px"})
    evidence = stadium.hold(["usual", "rough"])
    assert chosen(evidence) == ("usual", 4, 4)
    assert "rough" not in {engine for engine, *_ in stadium.runs}
    assert evidence.in_words().endswith("; rough left out: points differ by 3 px")


@pytest.mark.parametrize("error", [EngineError("no such CPU\nsecond line"), MemoryError()])
def test_an_engine_that_fails_is_left_out_with_a_word(error):
    evidence = Stadium({"usual": 10, "broken": error}).hold(["usual", "broken"])
    assert chosen(evidence) == ("usual", 4, 4)
    assert evidence.left_out["broken"].startswith("it does not run here: ")
    assert "\n" not in evidence.in_words()


def test_where_all_fail_nothing_is_chosen():
    evidence = Stadium({"usual": EngineError("x"), "other": OSError("y")}).hold(["usual", "other"])
    assert chosen(evidence) is None
    assert set(evidence.left_out) == {"usual", "other"}


def test_if_the_usual_one_fails_the_best_of_the_others_is_taken():
    evidence = Stadium({"usual": EngineError("x"), "a": 9, "b": 7}).hold(["usual", "a", "b"])
    assert chosen(evidence) == ("b", 4, 4)


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ({("quick", 2, 4): 3}, ("quick", 2, 4)),
        ({("quick", 4, 8): 4}, ("quick", 4, 8)),
        ({("quick", 4, 1): 3, ("quick", 4, 8): 2}, ("quick", 4, 8)),
        ({("quick", 2, 4): 4.9}, ("quick", 4, 4)),  # next to nothing
        ({("usual", 2, 4): 1}, ("quick", 4, 4)),  # only the fastest engine has variants
        ({("quick", 4, 8): MemoryError()}, ("quick", 4, 4)),
    ],
)
def test_threads_and_batches_are_tried_with_the_fastest(cost, expected):
    stadium = Stadium({"usual": 10, "quick": 5, **cost})
    evidence = stadium.hold(["usual", "quick"], threads=(4, 2), batch_sizes=(4, 1, 8))
    assert chosen(evidence) == expected


def test_engines_run_by_turns_and_not_for_long():
    stadium = Stadium({"usual": 200, "other": 300})
    stadium.hold(["usual", "other"])
    order = [
        engine for engine, *_ in stadium.runs[3:]
    ]  # behind the first run of each, and one more
    assert order == ["usual", "other"] * 3, "the fewest rounds, since these take seconds"
    quick = Stadium({"usual": 1, "other": 1})
    quick.hold(["usual", "other"])
    assert len(quick.runs) == 3 + 2 * 8, "the most rounds"


@pytest.mark.parametrize(("ms", "n_frames"), [(30, 16), (33, 8)])
def test_turns_of_slow_models_are_short(ms, n_frames):
    stadium = Stadium({"usual": ms})
    before = 0.1 + 2 * 4 * ms / 1000  # opening, the first batch, and one more
    stadium.hold(["usual"])
    rounds = (stadium.now - before) / (n_frames * ms / 1000)
    assert rounds == pytest.approx(round(rounds))
    assert 3 <= round(rounds) <= 8


def test_each_run_has_a_batch_for_every_lane():
    """The first one, too: all lanes are opened, and ready for the shape, ahead of the turns."""
    stadium = Stadium({"usual": 100})
    stadium.hold(["usual"], batch_sizes=(4, 8), n_at_once=3)
    first, one_more, *turns = zip(stadium.runs, stadium.lengths, strict=True)
    assert (first[1], one_more[1]) == (12, 4)
    assert {(place[2], length) for place, length in turns} == {(4, 12), (8, 24)}


def test_one_turn_that_other_work_slows_down_decides_nothing():
    stadium = Stadium({"usual": 10, "quick": 5})
    stadium.stalls = {6: 20.0}  # the first turn of `quick`
    assert chosen(stadium.hold(["usual", "quick"]), 1_000_000) == ("quick", 4, 4)


def test_a_speed_of_nothing_is_no_trial():
    with pytest.raises(ValueError, match="speed"):
        Trial(engine="a", threads=1, batch_size=1, frames_per_second=0, open_seconds=1)
    assert Evidence(trials=(), left_out={}).in_words() == ""
