"""Track sequences for tests: written out by hand, or random."""

import numpy as np

from sleap_rt.evaluation.identity.sequences import TrackSequence


def sequence(*frames, frame_idxs=None, gt_names=None, pr_names=None):
    """A sequence from (ground-truth ids, predicted ids, similarity rows) per frame."""
    gt_ids = [np.array(gt, np.int64) for gt, _, _ in frames]
    pr_ids = [np.array(pr, np.int64) for _, pr, _ in frames]
    similarity = [np.array(rows, float).reshape(len(gt), len(pr)) for gt, pr, rows in frames]
    n_gt = max((ids.max() + 1 for ids in gt_ids if len(ids)), default=0)
    n_pr = max((ids.max() + 1 for ids in pr_ids if len(ids)), default=0)
    return TrackSequence(
        video="v.mp4",
        frame_idxs=np.arange(len(frames)) if frame_idxs is None else np.array(frame_idxs),
        gt_ids=gt_ids,
        pr_ids=pr_ids,
        similarity=similarity,
        gt_names=gt_names or tuple(f"animal {i}" for i in range(n_gt)),
        pr_names=pr_names or tuple(f"track {i}" for i in range(n_pr)),
    )


def random_sequence(rng, most_gt, most_pr, n_frames, steps=None):
    """A random sequence; similarities in `steps` steps make many ties."""
    frames = []
    for _ in range(n_frames):
        gt = rng.permutation(most_gt)[: rng.integers(0, most_gt + 1)]
        pr = rng.permutation(most_pr)[: rng.integers(0, most_pr + 1)]
        values = rng.random((len(gt), len(pr)))
        frames.append((gt, pr, np.round(values * steps) / steps if steps else values))
    return with_consecutive_ids(frames)


def with_consecutive_ids(frames):
    """As TrackEval wants it: the ids that occur are 0 .. n - 1."""
    renumbered = []
    maps = [
        np.unique(np.concatenate([np.array(f[side], np.int64) for f in frames])) for side in (0, 1)
    ]
    for gt, pr, values in frames:
        renumbered.append((np.searchsorted(maps[0], gt), np.searchsorted(maps[1], pr), values))
    return sequence(*renumbered)


def two_animals_that_swap(n_before=3, n_after=1):
    """Two animals, always found perfectly; after `n_before` frames their tracks are swapped."""
    straight, crossed = np.eye(2), np.eye(2)[::-1]
    frames = [((0, 1), (0, 1), straight)] * n_before + [((0, 1), (0, 1), crossed)] * n_after
    return sequence(*frames)
