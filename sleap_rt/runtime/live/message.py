"""A live result as JSON: one object per frame that explains itself."""

import json
import math
from typing import Any

import numpy as np

from sleap_rt.runtime.live.result import LiveResult

_DIGITS_PX, _DIGITS_SCORE = 3, 4


def message_of(result: LiveResult) -> str:
    """One line of JSON.

    `{"frame", "time", "latency_ms", "n_dropped", "is_answered", "animals": [{"track", "score",
    "tracking_score", "points": {node: [x, y, score]}}]}`: `time` in s since 1970, points in frame
    px. What is missing is null: a node, a track, a score.
    """
    found = result.found
    line = {
        "frame": int(found.frame_index),
        "time": round(result.time, 6),
        "latency_ms": round(result.latency_ms, 3),
        "n_dropped": result.n_dropped,
        "is_answered": result.is_answered,
        "animals": [_animal(result, i) for i in range(len(found))],
    }
    return json.dumps(line, separators=(",", ":"), allow_nan=False)


def _animal(result: LiveResult, i: int) -> dict[str, Any]:
    found = result.found
    return {
        "track": result.track_of(i),
        "score": _number(found.scores[i], _DIGITS_SCORE),
        "tracking_score": _number(found.tracking_scores[i], _DIGITS_SCORE),
        "points": {
            name: None
            if np.isnan(point).any()
            else [*(_number(value, _DIGITS_PX) for value in point), _number(score, _DIGITS_SCORE)]
            for name, point, score in zip(
                result.skeleton.node_names, found.points[i], found.point_scores[i], strict=True
            )
        },
    }


def _number(value: Any, digits: int) -> float | None:
    number = float(value)
    return round(number, digits) if math.isfinite(number) else None
