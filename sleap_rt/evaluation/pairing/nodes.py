"""Brings predictions to the ground truth's skeleton; nodes correspond by name."""

from dataclasses import replace

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.evaluation.reading.pose_table import PoseTable


def align_nodes(predicted: PoseTable, ground_truth: PoseTable) -> PoseTable:
    """`predicted` with the nodes of `ground_truth`, in its order.

    Nodes that the predictions lack become NaN, nodes that only they have are dropped; the notes
    name both.

    Raises:
        DataError: there are predictions, but no node has the same name on both sides.
    """
    ours, theirs = predicted.node_names, ground_truth.node_names
    common = [name for name in theirs if name in ours]
    if predicted.n_instances_in_file and not common:
        raise DataError(
            f"No node name is common to both skeletons: {ground_truth.name} has "
            f"{', '.join(theirs) or 'no nodes'}; {predicted.name} has {', '.join(ours)}. "
            "Nodes are compared by name; rename the nodes of one file."
        )
    points = np.full((predicted.n_instances, len(theirs), 2), np.nan)
    for index, name in enumerate(theirs):
        if name in ours:
            points[:, index] = predicted.points[:, ours.index(name)]
    return replace(
        predicted,
        points=points,
        node_names=theirs,
        edge_inds=ground_truth.edge_inds,
        notes=(*predicted.notes, *_notes(predicted, ground_truth)),
    )


def _notes(predicted: PoseTable, ground_truth: PoseTable) -> list[str]:
    if not predicted.n_instances_in_file:
        return []
    ours, theirs = predicted.node_names, ground_truth.node_names
    lacking = [name for name in theirs if name not in ours]
    extra = [name for name in ours if name not in theirs]
    notes = []
    if lacking:
        notes.append(
            f"{len(lacking)} of {len(theirs)} nodes are not in the predicted skeleton and count "
            f"as missing in every prediction: {', '.join(lacking)}"
        )
    if extra:
        notes.append(
            f"nodes of the predictions that the ground truth does not have are left out: "
            f"{', '.join(extra)}"
        )
    return notes
