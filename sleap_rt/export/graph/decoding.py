"""The network's outputs to points in frame pixels, for every kind of model."""

from collections.abc import Mapping

from sleap_rt.contract import Decoding, Preprocessing
from sleap_rt.export.graph.part import FLOAT, Op, Part, TensorType, Value
from sleap_rt.export.graph.points.lines import class_probabilities, line_scores
from sleap_rt.export.graph.points.maps import sums
from sleap_rt.export.graph.rules import Rules
from sleap_rt.kinds import KINDS, MAP_SUMS, Kind
from sleap_rt.models.trained import TrainedModel

_SCALAR = TensorType(FLOAT)
_INPUTS: Mapping[str, TensorType] = {
    "slots": TensorType(FLOAT, ("k",)),
    "corner": TensorType(FLOAT, ("n", 2)),
    "class_probs": TensorType(FLOAT, ("n", "classes")),
}


def decoding_part(model: TrainedModel, rules: Rules) -> Part:
    """The part that turns maps into points, and pairs of points into scores.

    Args:
        model: a trained model.
        rules: of its family.
    """
    row = KINDS[model.kind]
    heads = [*row.heads, *(["offsets"] if model.decoding.offsets else [])]
    geometry = ["corner", "eff_scale"] if row.sees_crops else ["eff_scale"]
    scalars = [name for name in row.inputs if name not in ("centers", "frame_index")]
    types = {name: TensorType(FLOAT, ("batch", name, "rows", "columns")) for name in heads}
    types |= _INPUTS
    inputs = {name: types.get(name, _SCALAR) for name in (*heads, *geometry, *scalars)}
    outputs = tuple(name for name in row.outputs if name not in row.heads)

    def write(op: Op, *values: Value) -> tuple[Value, ...]:
        given = dict(zip(inputs, values, strict=True))
        found = _Decoder(model, rules, row).decoded(op, given)
        found[MAP_SUMS] = sums(op, [(given[name], len(inputs[name].shape)) for name in heads])
        return tuple(found[name] for name in outputs)

    return Part("decoding", inputs, outputs, write)


class _Decoder:
    def __init__(self, model: TrainedModel, rules: Rules, row: Kind) -> None:
        self._edges, self._rules, self._row = model.edges, rules, row
        self._spec: Preprocessing = model.preprocessing
        self._decoding: Decoding = model.decoding

    def decoded(self, op: Op, given: Mapping[str, Value]) -> dict[str, Value]:
        """The graph's outputs by name.

        Args:
            op: operators.
            given: maps, where the image lies in the frame, and the graph's own inputs.
        """
        found: dict[str, Value] = {}
        maps = given["confmaps"], given.get("offsets")
        how = given["peak_threshold"], given["integral_refinement"]
        patch_size = self._decoding.integral_patch_size
        if self._row.finds_many:
            n_slots = op.Shape(given["slots"])
            local = self._rules.local_peaks(op, *maps, *how, n_slots, patch_size=patch_size)
            cells, found["peak_vals"], found["n_candidates"] = local
        else:
            highest = self._rules.global_peaks(op, *maps, *how, patch_size=patch_size)
            cells, found["peak_vals"] = highest
        pixels = cells * float(self._decoding.confmaps_stride)
        found["peaks"] = self._points(op, pixels, given)
        if self._row.is_one_node:
            return _without_node_axis(op, found)
        return found | self._of_pairs(op, pixels, given)

    def _points(self, op: Op, pixels: Value, given: Mapping[str, Value]) -> Value:
        eff_scale = given["eff_scale"]
        if "corner" in given:
            return self._rules.points_of_crops(op, pixels, given["corner"], eff_scale, self._spec)
        return self._rules.points(op, pixels, eff_scale, self._spec)

    def _of_pairs(self, op: Op, pixels: Value, given: Mapping[str, Value]) -> dict[str, Value]:
        """Scores of connections, or classes of peaks."""
        found = {}
        decoding = self._decoding
        if "pafs" in given:
            assert decoding.pafs_stride is not None  # a model with these fields has it
            found["line_scores"] = line_scores(
                op,
                given["pafs"],
                pixels,
                given["max_edge_length_ratio"],
                given["dist_penalty_weight"],
                edges=self._edges,
                stride=decoding.pafs_stride,
                n_points=decoding.n_points,
            )
        if "class_maps" in given:
            assert decoding.class_maps_stride is not None
            found["class_probs"] = class_probabilities(
                op, given["class_maps"], pixels, stride=decoding.class_maps_stride
            )
        return found


def _without_node_axis(op: Op, found: Mapping[str, Value]) -> dict[str, Value]:
    """A centroid model's outputs: peaks of its one map."""
    return {
        "centroids": op.Squeeze(found["peaks"], [1]),
        "centroid_vals": op.Squeeze(found["peak_vals"], [1]),
        "n_candidates": op.Squeeze(found["n_candidates"], [1]),
    }
