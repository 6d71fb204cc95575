"""What the numbers say, in a few sentences for someone who looks after animals."""

from collections.abc import Iterator

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.evaluation.results import Evaluation
from sleap_rt.words import counted

NOT_FOLLOWED = "no prediction is similar enough to an animal"
_MANY_POINTS = 0.9  # of the labelled ones; where fewer are predicted, a sentence says so
_FAR_OFF = 0.25  # of a body length; from there on a sentence doubts that animals were found
_MOST_ANIMALS = 5000  # that a body length is taken from; more would not change it


def sentences(evaluation: Evaluation) -> list[str]:
    """How far off points are, how many animals were found, how often they changed identity."""
    return [
        *_error(evaluation),
        *_found(evaluation),
        *_missing_points(evaluation),
        *_switches(evaluation),
    ]


def body_length(points: Doubles) -> float:
    """Median over animals of the distance between the two visible nodes farthest apart, px.

    Args:
        points: (n, n_nodes, 2) px, NaN where a node is missing.

    Returns:
        NaN where no animal has two visible nodes.
    """
    step = max(1, len(points) // _MOST_ANIMALS)
    lengths = []
    for animal in points[::step]:
        seen = animal[np.isfinite(animal).all(axis=1)]
        if len(seen) > 1:
            lengths.append(np.linalg.norm(seen[:, None] - seen, axis=-1).max())
    return float(np.median(lengths)) if lengths else float("nan")


def _error(evaluation: Evaluation) -> Iterator[str]:
    pairing = evaluation.pairing
    distances = evaluation.metrics.get("distance_metrics")
    if pairing is None or distances is None:
        return
    summary = distances if "p50" in distances else evaluation.metrics["detection_metrics"]
    typical, most = float(summary["p50"]), float(summary["p90"])
    if not np.isfinite(typical):
        return
    what = "point" if pairing.options.match_method == "oks" else "center of an animal"
    length = body_length(pairing.ground_truth.points[pairing.compared_rows])
    share = f" ({typical / length:.1%} of a body length of {length:.0f} px)" if length > 0 else ""
    yield (
        f"A {what} is typically {_px(typical)} px off{share}, and nine in ten are within "
        f"{_px(most)} px."
    )
    if typical > _FAR_OFF * length and what == "point":
        yield (
            "These are hardly the same animals: any prediction near one counts as it being found "
            "(match_threshold asks for more)."
        )


def _px(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _found(evaluation: Evaluation) -> Iterator[str]:
    counts = evaluation.metrics.get("detection_metrics")
    if counts is None:
        return
    n_found, n_missed, n_extra = (counts[key] for key in ("n_tp", "n_fn", "n_fp"))
    n_animals = n_found + n_missed
    if n_animals:
        yield (
            f"{n_found} of {counted(n_animals, 'animal')} found ({n_found / n_animals:.1%}); "
            f"{counted(n_extra, 'prediction')} on no animal."
        )
    elif n_extra:
        yield f"No animal was there; {counted(n_extra, 'prediction')} on no animal."


def _missing_points(evaluation: Evaluation) -> Iterator[str]:
    """Where many points of the animals found were not: errors and counts above do not show it."""
    recall = float(evaluation.metrics.get("visibility_metrics", {}).get("recall", np.nan))
    if recall < _MANY_POINTS:
        yield f"Only {recall:.0%} of the labelled points of the animals found were predicted."


def _switches(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.identities is None:
        return
    metrics = evaluation.identities.metrics
    if not metrics["TP"]:
        yield f"Identities cannot be told: {NOT_FOLLOWED}."
        return
    sequences = [video.sequence for video in evaluation.identities.videos]
    n_missed = sum(sequence.n_frames_missed for sequence in sequences)
    n_all = sum(map(len, sequences))
    n_frames, n_switches = n_all - n_missed, metrics["IDSW"]
    often = f", one in {n_frames / n_switches:.0f} frames" if n_switches > 1 else ""
    yield (
        f"{counted(n_switches, 'switch') if n_switches else 'No switch'} of identity "
        f"in {counted(n_frames, 'frame')}{often}."
    )
    if n_missed:
        yield (
            f"{n_missed} of {counted(n_all, 'frame')} {'holds' if n_missed == 1 else 'hold'} no "
            "prediction; for identities, the animals there are missed."
        )
