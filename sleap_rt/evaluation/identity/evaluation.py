"""From two pose tables to all identity metrics: per video, pooled, and every switch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sleap_rt.arrays import Ints
from sleap_rt.errors import DataError
from sleap_rt.evaluation.identity.association import association_shares
from sleap_rt.evaluation.identity.clear import (
    ClearCounts,
    TrackMatches,
    clear_counts,
    clear_values,
    match_tracks,
    sum_clear,
)
from sleap_rt.evaluation.identity.hota import HotaCounts, hota_counts, hota_values, sum_hota
from sleap_rt.evaluation.identity.idf1 import IdCounts, id_counts, id_values, sum_ids
from sleap_rt.evaluation.identity.sequences import (
    TrackSequence,
    number_tracks,
    resolve_repeated_tracks,
)
from sleap_rt.evaluation.identity.similarity import similarity_function
from sleap_rt.evaluation.identity.switches import Switch, find_switches
from sleap_rt.evaluation.options import IdentityOptions, PoseOptions
from sleap_rt.evaluation.pairing.candidates import candidate_pairs, rows_of
from sleap_rt.evaluation.pairing.frames import FramePairs, pair_tables, select_ground_truth
from sleap_rt.evaluation.pairing.nodes import align_nodes
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.version import __version__
from sleap_rt.words import counted, is_or_are

_NO_VIDEO = -1  # index of a predicted video that does not exist
_MAX_TRACK_PAIRS = 50_000_000  # true tracks x predicted tracks in one video; 0.4 GB per table


@dataclass(frozen=True, kw_only=True)
class VideoIdentities:
    """One video: its sequence, matches, counts and switches."""

    sequence: TrackSequence
    matches: TrackMatches
    hota: HotaCounts
    clear: ClearCounts
    ids: IdCounts
    switches: list[Switch]


@dataclass(frozen=True, kw_only=True)
class IdentityEvaluation:
    """All videos.

    Attributes:
        videos: one entry per paired video.
        metrics: pooled values, values per video, the switches, the shares, options and notes.
    """

    videos: list[VideoIdentities]
    metrics: dict[str, Any]

    def __repr__(self) -> str:
        return f"<IdentityEvaluation {counted(len(self.videos), 'video')}>"


def evaluate_identities(
    ground_truth: PoseTable,
    predicted: PoseTable,
    identities: IdentityOptions,
    poses: PoseOptions,
) -> IdentityEvaluation:
    """Compare tracks with true tracks.

    Every ground-truth frame of a paired video counts: if the predictions do not have it, its
    animals are missed. Predicted frames without ground truth are left out.

    Args:
        ground_truth: all labels of the ground-truth file; instances need tracks.
        predicted: all labels of the prediction file, scored or not; instances need tracks.
        identities: similarity and threshold.
        poses: sigma and scale of OKS, and which ground truth counts.

    Raises:
        DataError: a side has no tracks, a track is twice in a frame, the files have no video or
            node in common, or a video has too many tracks.
    """
    truth = select_ground_truth(ground_truth, user_labels_only=poses.user_labels_only)
    _refuse_untracked(truth, "the ground truth")
    if predicted.n_instances_in_file:
        _refuse_untracked(predicted, "the predictions")
    truth, tracked = resolve_repeated_tracks(truth), resolve_repeated_tracks(predicted)
    if identities.similarity == "oks":
        tracked = align_nodes(tracked, truth)
    sequences = track_sequences(truth, tracked, identities, poses)
    videos = [_measure(sequence, identities.similarity_threshold) for sequence in sequences]
    notes = (
        *truth.notes,
        *tracked.notes,
        *_notes(truth, tracked, sequences),
        *_match_notes(videos, identities),
    )
    return IdentityEvaluation(
        videos=videos,
        metrics={
            **_values(videos),
            "n_gt_tracks": sum(len(s.gt_names) for s in sequences),
            "n_pr_tracks": sum(len(s.pr_names) for s in sequences),
            "videos": [
                {"video": v.sequence.video, "n_frames": len(v.sequence), **_values([v])}
                for v in videos
            ],
            "switches": [switch.as_dict() for v in videos for switch in v.switches],
            "shares": association_shares(
                sequences,
                identities.similarity_threshold,
                [switch for v in videos for switch in v.switches],
                is_followed=any(v.clear.tp for v in videos),
            ),
            "options": _options(truth, tracked, identities, poses),
            "notes": list(notes),
        },
    )


def _measure(sequence: TrackSequence, threshold: float) -> VideoIdentities:
    matches = match_tracks(sequence, threshold)
    switches = find_switches(sequence, matches)
    return VideoIdentities(
        sequence=sequence,
        matches=matches,
        hota=hota_counts(sequence),
        clear=clear_counts(sequence, matches, len(switches)),
        ids=id_counts(sequence, threshold),
        switches=switches,
    )


def _values(videos: Sequence[VideoIdentities]) -> dict[str, Any]:
    """Values from the summed counts of `videos`, as for a single one."""
    return {
        **hota_values(sum_hota([video.hota for video in videos])),
        **clear_values(sum_clear([video.clear for video in videos])),
        **id_values(sum_ids([video.ids for video in videos])),
    }


def track_sequences(
    truth: PoseTable, predicted: PoseTable, identities: IdentityOptions, poses: PoseOptions
) -> list[TrackSequence]:
    """One sequence per paired video, frames in temporal order.

    Raises:
        DataError: no video is in both files.
    """
    video_pairs = pair_tables(truth, predicted)
    if (
        not predicted.n_instances_in_file
    ):  # then every video is compared with nothing, whatever its path
        known = sorted(set(truth.frame_videos.tolist()))
        video_pairs = {video: video_pairs.get(video, _NO_VIDEO) for video in known}
    padded = _with_empty_frame(predicted)
    function = similarity_function(identities, poses)
    sequences = []
    for gt_video, pr_video in video_pairs.items():
        frames = _all_frames(truth, predicted, gt_video, pr_video)
        candidates = candidate_pairs(frames, truth, padded)
        similarity = list(candidates.matrices(candidates.measure(function, truth, padded)))
        gt_rows = rows_of(candidates.gt_starts, candidates.n_gt)
        pr_rows = rows_of(candidates.pr_starts, candidates.n_pr)
        gt_tracks, pr_tracks = number_tracks(truth, gt_rows), number_tracks(padded, pr_rows)
        _refuse_too_many(len(gt_tracks.names), len(pr_tracks.names), str(truth.videos[gt_video]))
        sequences.append(
            TrackSequence(
                video=str(truth.videos[gt_video]),
                frame_idxs=truth.frame_idxs[frames.gt_frames],
                gt_ids=_split(gt_tracks.ids, candidates.n_gt),
                pr_ids=_split(pr_tracks.ids, candidates.n_pr),
                similarity=similarity,
                gt_names=gt_tracks.names,
                pr_names=pr_tracks.names,
            )
        )
    return sequences


def _with_empty_frame(table: PoseTable) -> PoseTable:
    """The table with an empty last frame, the partner of ground-truth frames that have none."""
    return replace(
        table,
        frame_videos=np.append(table.frame_videos, -1),
        frame_idxs=np.append(table.frame_idxs, -1),
        is_negative=np.append(table.is_negative, False),
        frame_starts=np.append(table.frame_starts, table.frame_starts[-1]),
    )


def _all_frames(truth: PoseTable, predicted: PoseTable, gt_video: int, pr_video: int) -> FramePairs:
    """Pair every ground-truth frame of a video, by time, with its partner or the empty frame."""
    rows = np.flatnonzero(truth.frame_videos == gt_video)
    rows = rows[np.argsort(truth.frame_idxs[rows], kind="stable")]
    theirs = np.flatnonzero(predicted.frame_videos == pr_video)
    row_of = dict(zip(predicted.frame_idxs[theirs].tolist(), theirs.tolist(), strict=True))
    partners = [row_of.get(idx, predicted.n_frames) for idx in truth.frame_idxs[rows].tolist()]
    return FramePairs(
        video_pairs={gt_video: pr_video},
        gt_frames=rows,
        pr_frames=np.array(partners, np.int64),
        n_gt_frames_skipped=0,
        n_gt_instances_skipped=0,
        n_pr_frames_ignored=0,
    )


def _split(ids: Ints, counts: Ints) -> list[Ints]:
    return np.split(ids, np.cumsum(counts)[:-1]) if len(counts) else []


def _refuse_untracked(table: PoseTable, side: str) -> None:
    if table.n_untracked_in_file == table.n_instances_in_file:
        raise DataError(
            f"{table.name} ({side}) has no tracks, so there are no identities to compare. "
            "Track it first (`sleap-nn track -t`), or compare poses alone (`sleap-nn eval`)."
        )


def _refuse_too_many(n_gt: int, n_pr: int, video: str) -> None:
    if n_gt * n_pr > _MAX_TRACK_PAIRS:
        raise DataError(
            f"{video} has {n_gt} true and {n_pr} predicted tracks (an instance without a track "
            "counts as a track of its own); that is too many to compare. Track both files first."
        )


def _notes(truth: PoseTable, predicted: PoseTable, sequences: list[TrackSequence]) -> list[str]:
    notes = []
    for table in (truth, predicted):
        if table.n_untracked_in_file:
            notes.append(
                f"{counted(table.n_untracked_in_file, 'instance')} of {table.name} without a "
                "track; each counts as an animal of its own"
            )
    compared = {(s.video, int(idx)) for s in sequences for idx in s.frame_idxs}
    n_skipped = truth.n_frames - len(compared)
    if n_skipped:
        notes.append(
            f"{counted(n_skipped, 'ground-truth frame')} {is_or_are(n_skipped)} in videos that "
            f"{predicted.name} does not have, and left out"
        )
    n_missed = sum(s.n_frames_missed for s in sequences)
    if n_missed:
        notes.append(
            f"nothing is predicted in {counted(n_missed, 'ground-truth frame')}: for identities, "
            "the animals there are missed. To judge a part of a video, cut the ground truth to the "
            "same frames"
        )
    if not predicted.n_instances_in_file:
        notes.append(f"{predicted.name} has no instances, so nothing is tracked")
    return notes


def _match_notes(videos: Sequence[VideoIdentities], identities: IdentityOptions) -> list[str]:
    if any(len(video.matches.gt_ids) for video in videos):
        return []
    if not any(video.sequence.n_pr for video in videos):
        return []
    hint = "" if identities.similarity == "centroid" else "; --similarity centroid goes by places"
    return [
        f"no predicted animal reaches a similarity ({identities.similarity}) of "
        f"{identities.similarity_threshold}, so there is no identity to follow{hint}"
    ]


def _options(
    truth: PoseTable, predicted: PoseTable, identities: IdentityOptions, poses: PoseOptions
) -> dict[str, Any]:
    return {
        "ground_truth": truth.name,
        "predictions": predicted.name,
        "similarity": identities.similarity,
        "similarity_threshold": identities.similarity_threshold,
        "max_distance": identities.max_distance,
        "oks_stddev": poses.oks_stddev,
        "oks_scale": poses.oks_scale,
        "user_labels_only": poses.user_labels_only,
        "sleap_rt_version": __version__,
    }
