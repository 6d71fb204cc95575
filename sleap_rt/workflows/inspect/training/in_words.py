"""A training in a few lines for a person."""

import ntpath
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from sleap_rt.untrusted import listed
from sleap_rt.words import counted

_SPLITS = {"train": "training", "val": "validation", "test": "test"}


def training_in_words(facts: Mapping[str, Any]) -> list[str]:
    """One line each for labels, course, loss and metrics; none for what is not known.

    Args:
        facts: as `describe_training` gives them.
    """
    lines = [*_labels(facts), *_course(facts), *_loss(facts), *_metrics(facts)]
    return [f"  {line}" for line in (*lines, *facts.get("notes", ()))]


def _labels(facts: Mapping[str, Any]) -> Iterator[str]:
    frames, files = facts.get("labelled_frames", {}), facts.get("labels", {})
    told = {split: _some(frames.get(split), files.get(split)) for split in _SPLITS}
    if not told["val"] and told["train"] and facts.get("validation_fraction"):
        told["val"] = f"{facts['validation_fraction']:.0%} of them"
    parts = [f"{words} ({_SPLITS[split]})" for split, words in told.items() if words]
    if parts:
        yield f"labels: {', '.join(parts)}"


def _some(n_frames: int | None, files: list[str] | None) -> str:
    """`120 frames of a.slp`, `a.slp`, `120 frames`, or nothing."""
    names = listed((posixpath.basename(ntpath.basename(file)) for file in files or ()), none="")
    return " of ".join(filter(None, (counted(n_frames, "frame") if n_frames else "", names)))


def _course(facts: Mapping[str, Any]) -> Iterator[str]:
    log = facts.get("log", {})
    most = facts.get("max_epochs")
    parts = []
    if log:
        parts.append(counted(log["epochs"], "epoch") + (f" of at most {most}" if most else ""))
    elif most:
        parts.append(f"at most {counted(most, 'epoch')}")
    if facts.get("batch_size"):
        parts.append(f"batches of {facts['batch_size']}")
    if facts.get("learning_rate"):
        last = log.get("last_learning_rate")
        fell = last is not None and last < 0.99 * facts["learning_rate"]
        end = f" to {last:.2g}" if fell else ""
        parts.append(f"learning rate {facts['learning_rate']:g}{end}")
    if facts.get("optimizer"):
        parts.append(listed([facts["optimizer"]]))
    if parts:
        yield f"training: {', '.join(parts)}"


def _loss(facts: Mapping[str, Any]) -> Iterator[str]:
    log = facts.get("log")
    if log:
        yield (
            f"best loss in {_SPLITS[log['best_of']]}: {log['best_loss']:.3g}, in the "
            f"{_ordinal(log['best_epoch'] + 1)} of {counted(log['epochs'], 'epoch')}"
        )


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def _metrics(facts: Mapping[str, Any]) -> Iterator[str]:
    """Of the test and the validation; of the training only where there is nothing else."""
    found = facts.get("metrics", {})
    for split in [split for split in ("test", "val") if split in found] or [*found]:
        values = found[split]
        parts = [f"half of the points within {values['p50']:.2g} px"] if "p50" in values else []
        if "p95" in values:
            parts.append(f"95 % within {values['p95']:.2g} px")
        if "avg_distance" in values and not parts:
            parts.append(f"points {values['avg_distance']:.2g} px off on average")
        parts += [f"{name} {values[name]:.2f}" for name in ("mOKS", "mAP") if name in values]
        if parts:
            yield f"measured in {_SPLITS[split]}: {', '.join(parts)}"
