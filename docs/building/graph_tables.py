"""What goes into a graph and what comes out, written from the table of kinds.

A page says `<!-- graph: bottomup -->` where the table of that kind is to stand.
"""

import re

from sleap_rt.kinds import KINDS, MAP_SUMS, Kind, ModelKind

_SCALAR = "()"
_INPUTS = {  # name -> shape and type, meaning
    "frames": ("(B, height, width, channels) uint8", "frames of any size"),
    "centers": ("(n, 2) float32", "(x, y) that crops are cut around, frame px"),
    "frame_index": ("(n) int64", "of `frames`, the one each crop is cut from"),
    "peak_threshold": (f"{_SCALAR} float32", "confidence below which there is no peak"),
    "integral_refinement": (f"{_SCALAR} float32", "1: peaks within a cell; 0: whole cells"),
    "slots": ("(K) float32", "its length says how many peaks of a map are returned"),
    "max_edge_length_ratio": (f"{_SCALAR} float32", "longest edge without penalty"),
    "dist_penalty_weight": (f"{_SCALAR} float32", "penalty on longer edges"),
}
_OUTPUTS = {  # name -> axes behind the first, type, meaning
    "peaks": ("N, 2", "float32", "(x, y) of each node, frame px"),
    "peak_vals": ("N", "float32", "confidence of each node"),
    "centroids": ("K, 2", "float32", "(x, y), frame px"),
    "centroid_vals": ("K", "float32", "confidence"),
    "n_candidates": ("N", "int64", "peaks there are; where K is less, some were not returned"),
    "line_scores": ("E, K, K", "float32", "score of each pair of peaks as an edge"),
    "class_probs": ("C", "float32", "probability of each class"),
    MAP_SUMS: ("", "float32", "sum of all maps; not finite where the engine failed"),
    "confmaps": ("N, h, w", "float32", "confidence maps"),
    "pafs": ("2E, h, w", "float32", "part affinity fields, x and y of each edge"),
    "class_maps": ("C, h, w", "float32", "class maps"),
}
_LETTERS = {
    "B": "frames",
    "n": "crops",
    "N": "nodes",
    "K": "peaks of a map",
    "E": "edges",
    "C": "classes",
    "h": "rows of a map",
    "w": "columns",
}


def table(name: ModelKind) -> str:
    """Inputs and outputs of a kind's graph, the raw outputs of its network last."""
    kind = KINDS[name]
    inputs = [("frames", *_INPUTS["frames"]), *((one, *_INPUTS[one]) for one in kind.inputs)]
    outputs = [(one, *_output(one, kind)) for one in (*kind.outputs, *kind.maps)]
    rows = [
        f"| {heading} | `{one}` | {shape} | {meaning} |"
        for heading, found in (("in", inputs), ("out", outputs))
        for one, shape, meaning in found
    ]
    return "\n".join(
        ["| | name | shape and type | |", "|---|---|---|---|", *rows, "", _letters(rows)]
    )


def _output(name: str, kind: Kind) -> tuple[str, str]:
    axes, dtype, meaning = _OUTPUTS[name]
    if kind.finds_many:
        axes = {"peaks": "N, K, 2", "peak_vals": "N, K", "class_probs": "N, K, C"}.get(name, axes)
    if kind.is_one_node:
        axes = {"n_candidates": "", "confmaps": "1, h, w"}.get(name, axes)
    first = "n" if kind.sees_crops else "B"
    return f"({first}{', ' * bool(axes)}{axes}) {dtype}", meaning


def _letters(rows: list[str]) -> str:
    shapes = " ".join(row.split("|")[3].split(")")[0] for row in rows)
    words = [f"{letter} {word}" for letter, word in _LETTERS.items() if _stands_in(letter, shapes)]
    return f"{', '.join(words)}. Missing points are NaN."


def _stands_in(letter: str, shapes: str) -> bool:
    return re.search(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", shapes) is not None
