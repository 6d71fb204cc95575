"""Names and values of a description, in the words of a person: what `info --verbose` prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from sleap_rt.model_files import TRAINED_WITH

LABELS: Mapping[str, Mapping[str, str]] = {
    "": {
        "family": "pipeline of",
        "size_bytes": "bytes",
        "anchor_part": "anchor part",
    },
    "preprocessing": {
        "channels": "colours of frames",
        "in_channels": "network takes",
        "max_height": "largest height (px)",
        "max_width": "largest width (px)",
        "input_scale": "scale",
        "max_stride": "padded to multiples of (px)",
        "crop_size": "crop, height and width (px)",
        "crop_unit": "crops are cut",
        "resize": "resizing",
        "fit_largest": "fitted to the run's largest frame",
    },
    "decoding": {
        "confmaps_stride": "cell of a confidence map (px)",
        "pafs_stride": "cell of a part affinity field (px)",
        "class_maps_stride": "cell of a class map (px)",
        "integral_patch_size": "cells that refine a peak, a side",
        "n_points": "samples along an edge",
        "offsets": "network gives places within cells",
    },
    "certificate": {
        "frames": "compared on",
        "n_frames": "number of frames",
        "n_instances": "instances in them",
        "n_lost": "points lost",
        "n_extra": "points too many",
        "max_px": "largest distance of points (px)",
        "p99_px": "99 % of points are within (px)",
        "max_score": "largest difference of scores",
        "max_map": "largest difference of raw maps",
        "poses": "poses in int8",
    },
    "poses": {
        "calibration": "calibrated on",
        "n_lost": "instances lost",
        "n_extra": "instances too many",
        "n_renamed": "instances of another class",
        "p50_px": "50 % of points are within (px)",
        "p90_px": "90 % of points are within (px)",
        "oks_mean": "mean OKS",
        "oks_p5": "5 % have an OKS below",
        "oks_min": "least OKS",
        "exceeded": "limits that are exceeded",
    },
    "provenance": {
        "weights_sha256": "SHA-256 of the weights",
        "config_sha256": "SHA-256 of the configuration",
        "trained_with": "trained with",
        "exported_with": "version of sleap-rt",
        "backbone": "backbone",
    },
    "compute": {
        "network_input": "image at the network",
        "gigaflop_per_image": "GFLOP for it",
    },
}
"""Section, name in JSON -> what is printed; other names are printed with spaces."""

_VALUES: Mapping[tuple[str, Any], str] = {
    **{("family", family): program for family, program in TRAINED_WITH.items()},
    ("channels", "as_is"): "as they come",
    ("channels", "rgb"): "made RGB",
    ("channels", "grayscale"): "made gray",
    ("in_channels", 1): "1 channel (gray)",
    ("in_channels", 3): "3 channels (RGB)",
    ("crop_unit", "sized"): "ahead of scaling",
    ("crop_unit", "scaled"): "after scaling",
    ("resize", "antialiased"): "antialiased, to whole gray levels",
    ("resize", "antialiased_float"): "antialiased, not rounded",
    ("resize", "bilinear"): "bilinear, not antialiased",
}


def facts_in_words(facts: Mapping[str, Any], section: str = "") -> Iterator[tuple[str, str, Any]]:
    """Names of one section's facts, with what is printed of them: label and value.

    Args:
        facts: a description, or a section of it.
        section: its name; empty for the whole.

    Yields:
        Each that has a value, and of how crops are cut only where there are any.
    """
    labels = LABELS.get(section, {})
    for name, value in facts.items():
        is_empty = value is None or value in ([], ())
        if is_empty or (name == "crop_unit" and facts["crop_size"] is None):
            continue
        if not isinstance(value, dict | list | tuple):
            value = _VALUES.get((name, value), value)
        yield name, labels.get(name, name.replace("_", " ")), value
