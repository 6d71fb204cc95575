"""Results as dictionaries of arrays, raw network outputs among them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.api.arguments import in_our_words
from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import RunOptions, filled
from sleap_rt.runtime.model_set import ModelSet
from sleap_rt.runtime.predictors import raw_outputs

if TYPE_CHECKING:
    from sleap_rt.api.pose_predictor import PosePredictor

# Flags of `run_inference`: the raw outputs behind them, and the keys these get in the dictionaries.
RAW_FLAGS: Mapping[str, Mapping[str, str]] = {
    "return_confmaps": {
        "confmaps": "pred_confmaps",
        "crop_confmaps": "pred_confmaps",
        "centroid_confmaps": "pred_centroid_confmaps",
    },
    "return_pafs": {"pafs": "pred_part_affinity_fields"},
    "return_paf_graph": {
        "peaks": "peaks",
        "peak_vals": "peak_vals",
        "line_scores": "line_scores",
    },
    "return_class_maps": {"class_maps": "pred_class_maps"},
    "return_class_vectors": {"class_probs": "pred_class_vectors"},
}
_KEYS = {raw: key for keys in RAW_FLAGS.values() for raw, key in keys.items()}


def raw_names(flags: Sequence[str], models: ModelSet) -> tuple[str, ...]:
    """The raw outputs that flags ask of these models.

    Raises:
        OptionError: the models have none for a flag.
    """
    there = raw_outputs(models)
    names: dict[str, None] = {}
    for flag in flags:
        found = [name for name in RAW_FLAGS[flag] if name in there]
        if not found:
            raise OptionError(f"{flag}: no effect with this model; it has {', '.join(there)}")
        names.update(dict.fromkeys(found))
    return tuple(names)


def raw_batches(
    predictor: "PosePredictor", data: Any, arguments: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One dictionary per batch of B frames.

    Keys: `frame_idx` and `video_idx` (B,); `pred_instance_peaks`, `pred_peak_values` and
    `instance_scores`, lists of B arrays (n, n_nodes, 2), (n, n_nodes) and (n,), points in frame px;
    `track_ids` and `tracking_scores`, lists of B arrays (n,); and the raw outputs asked for, lists
    of B arrays.
    """
    size = filled(RunOptions, in_our_words(arguments)).frames_per_batch
    results = list(predictor.stream(data, **arguments))
    return [_batch(results[start : start + size]) for start in range(0, len(results), size)]


def _batch(results: Sequence[FrameInstances]) -> dict[str, Any]:
    batch: dict[str, Any] = {
        "frame_idx": np.array([result.frame_index for result in results]),
        "video_idx": np.array([result.video_index for result in results]),
        "pred_instance_peaks": [result.points for result in results],
        "pred_peak_values": [result.point_scores for result in results],
        "instance_scores": [result.scores for result in results],
        "track_ids": [result.track_ids for result in results],
        "tracking_scores": [result.tracking_scores for result in results],
    }
    for name in sorted({name for result in results for name in result.raw}):
        batch[_KEYS[name]] = [result.raw.get(name) for result in results]
    return batch
