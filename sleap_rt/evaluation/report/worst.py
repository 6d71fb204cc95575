"""Draws the worst frames: image, truth and prediction."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
import PIL.Image

from sleap_rt.arrays import Bools, Doubles, Image, Ints
from sleap_rt.evaluation.pairing.centroids import true_centroids
from sleap_rt.evaluation.pairing.pose_pairs import PosePairing
from sleap_rt.evaluation.reading.images import FrameImages
from sleap_rt.evaluation.report.theme import PREDICTION, TRUTH
from sleap_rt.geometry import visible_nodes

SAME_MOMENT_FRAMES = 10  # frames closer than this show the same mishap
_LONG_SIDE_PX = 560  # of the stored image
_MARGIN = 0.15  # around the animals, as a fraction of their extent
_LEAST_EXTENT_PX = 64
_SHAPE = 4 / 3  # width to height of all pictures, where the image is large enough
_JPEG_QUALITY = 82


@dataclass(frozen=True)
class WorstFrame:
    """A compared frame.

    Attributes:
        place: in the list of frame pairs.
        score: mean OKS of its animals, a missed one counting 0; NaN in centroid mode.
        n_missed, n_extra: animals without prediction, predictions without animal.
        longest_px: largest node error (centroid mode: centroid distance); NaN without a match.
    """

    place: int
    score: float
    n_missed: int
    n_extra: int
    longest_px: float


def worst_frames(pairing: PosePairing, n_frames: int) -> list[WorstFrame]:
    """The `n_frames` compared frames with the lowest mean OKS (centroid mode: most mistakes).

    If there are enough others, at most half of them have no matched pair, and none is close to a
    worse one.
    """
    matches = pairing.matches
    n_pairs = len(pairing.frames)
    gt_place = _place_of(pairing.ground_truth.instance_frames, pairing.frames.gt_frames)
    pr_place = _place_of(pairing.predicted.instance_frames, pairing.frames.pr_frames)
    matched_at = gt_place[matches.gt_rows]
    missed = np.bincount(gt_place[matches.missed_rows], minlength=n_pairs)
    extra = np.bincount(pr_place[matches.extra_rows], minlength=n_pairs)
    n_gt = missed + np.bincount(matched_at, minlength=n_pairs)
    longest = np.full(n_pairs, np.nan)
    np.fmax.at(longest, matched_at, _longest_errors(pairing))
    if pairing.options.match_method == "centroid":
        score = np.full(n_pairs, np.nan)
        order = np.lexsort((-np.nan_to_num(longest), -(missed + extra)))
    else:
        total = np.bincount(matched_at, matches.values, minlength=n_pairs)
        score = np.where(n_gt > 0, total / np.maximum(1, n_gt), np.where(extra > 0, 0.0, 1.0))
        order = np.lexsort((-extra, score))
    return [
        WorstFrame(int(i), float(score[i]), int(missed[i]), int(extra[i]), float(longest[i]))
        for i in _varied(_one_of_each_moment(order, pairing), np.isfinite(longest), n_frames)
    ]


def _one_of_each_moment(order: Ints, pairing: PosePairing) -> Ints:
    """`order`, but frames close to an earlier one of the same video come last."""
    truth, frames = pairing.ground_truth, pairing.frames.gt_frames[order]
    taken: set[tuple[int, int]] = set()
    repeats = np.zeros(len(order), bool)
    for place, moment in enumerate(
        zip(truth.frame_videos[frames].tolist(), truth.frame_idxs[frames].tolist(), strict=True)
    ):
        repeats[place] = moment in taken
        if not repeats[place]:
            video, idx = moment
            near = range(idx - SAME_MOMENT_FRAMES + 1, idx + SAME_MOMENT_FRAMES)
            taken.update((video, other) for other in near)
    return np.concatenate([order[~repeats], order[repeats]])


def _varied(order: Ints, has_match: Bools, n_frames: int) -> Ints:
    """The first `n_frames` of `order`, of which at most half have no match if others do.

    Frames where nothing was found look alike and would hide those where something went wrong.
    """
    matched = has_match[order]
    lost, found = np.flatnonzero(~matched), np.flatnonzero(matched)
    n_lost = max(n_frames // 2, n_frames - len(found))
    places = np.concatenate([lost[:n_lost], found[: n_frames - min(n_lost, len(lost))]])
    chosen: Ints = order[np.sort(places)]
    return chosen


def _place_of(instance_frames: Ints, frames: Ints) -> Ints:
    """(n_instances,) place of each instance's frame in `frames`; -1 if it is not compared."""
    place = np.full(int(max(instance_frames.max(initial=-1), frames.max(initial=-1))) + 1, -1)
    place[frames] = np.arange(len(frames))
    return place[instance_frames]


def _longest_errors(pairing: PosePairing) -> Doubles:
    if pairing.options.match_method == "centroid":
        return pairing.matches.values
    matches = pairing.matches
    apart = pairing.ground_truth.points[matches.gt_rows] - pairing.predicted.points[matches.pr_rows]
    longest: Doubles = np.fmax.reduce(np.sqrt((apart**2).sum(axis=-1)), axis=-1)
    return longest


def draw_frame(pairing: PosePairing, place: int, images: FrameImages) -> str:
    """A compared frame as an `<svg>` element: its image where there is one, truth and predictions.

    Args:
        pairing: of the files.
        place: of the frame in the list of frame pairs.
        images: of the ground truth's frames.
    """
    gt_frame = pairing.frames.gt_frames[place]
    pr_frame = pairing.frames.pr_frames[place]
    truth = _poses_of(pairing.ground_truth.frame_starts, pairing.ground_truth.points, gt_frame)
    predicted = _poses_of(pairing.predicted.frame_starts, pairing.predicted.points, pr_frame)
    table = pairing.ground_truth
    image = images.read(int(table.frame_videos[gt_frame]), int(table.frame_idxs[gt_frame]))
    left, top, right, bottom = _window(np.concatenate([_flat(truth), _flat(predicted)]), image)
    width, height = right - left, bottom - top
    line = max(width, height) / 330
    name = f"frame {table.frame_idxs[gt_frame]}: truth and prediction"
    return "".join(
        [
            f'<svg viewBox="{left} {top} {width} {height}" role="img" aria-label="{escape(name)}">',
            f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="#30363f"/>',
            _image_element(image, (left, top, right, bottom)),
            *(_pose(pose, table.edge_inds, TRUTH, line, dashed=False) for pose in truth),
            *_true_centroids(pairing, truth, line),
            *(
                _pose(pose, pairing.predicted.edge_inds, PREDICTION, line, dashed=True)
                for pose in predicted
            ),
            "</svg>",
        ]
    )


def _true_centroids(pairing: PosePairing, truth: Doubles, line: float) -> Iterator[str]:
    """In centroid mode, a cross on the point of each animal that predictions are compared with."""
    if pairing.options.match_method != "centroid":
        return
    arm = 5 * line
    for x, y in _flat(true_centroids(truth, pairing.anchor)):
        yield (
            f'<path d="M{x - arm:.1f} {y:.1f}h{2 * arm:.1f}M{x:.1f} {y - arm:.1f}v{2 * arm:.1f}" '
            f'stroke="{TRUTH}" stroke-width="{1.5 * line:.2f}"/>'
        )


def _poses_of(starts: Ints, points: Doubles, frame: int) -> Doubles:
    return points[starts[frame] : starts[frame + 1]]


def _flat(poses: Doubles) -> Doubles:
    points = poses.reshape(-1, 2)
    return points[visible_nodes(points)]


def _window(points: Doubles, image: Image | None) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) px around `points`, within the image."""
    if not len(points):
        points = np.array([[0.0, 0.0]])
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), _LEAST_EXTENT_PX)
    half = np.maximum((high - low) / 2, extent / 4) + _MARGIN * extent
    half = np.maximum(half, half[::-1] * (_SHAPE, 1 / _SHAPE))  # the wanted shape, by adding
    middle = (low + high) / 2
    left, top = np.floor(middle - half).astype(int)
    right, bottom = np.ceil(middle + half).astype(int)
    if image is not None:
        # Predictions may lie outside of the image: all pictures show a part of it, of one shape.
        left, right = _inside(int(left), int(right), image.shape[1])
        top, bottom = _inside(int(top), int(bottom), image.shape[0])
    return int(left), int(top), int(right), int(bottom)


def _inside(low: int, high: int, size: int) -> tuple[int, int]:
    """The same stretch, moved until it lies within `size`; all of `size` where it is longer."""
    length = high - low
    start = max(0, min(low, size - length))
    return start, min(size, start + length)


def _image_element(image: Image | None, window: tuple[int, int, int, int]) -> str:
    if image is None:
        return ""
    left, top, right, bottom = window
    part = image[top:bottom, left:right]
    picture = PIL.Image.fromarray(part.squeeze(axis=2) if part.shape[2:] == (1,) else part)
    scale = min(1.0, _LONG_SIDE_PX / max(part.shape[:2]))
    if scale < 1:
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        picture = picture.resize(size, PIL.Image.Resampling.BOX)
    encoded = io.BytesIO()
    picture.save(encoded, "jpeg", quality=_JPEG_QUALITY)
    data = base64.b64encode(encoded.getvalue()).decode("ascii")
    return (
        f'<image x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" '
        f'preserveAspectRatio="none" href="data:image/jpeg;base64,{data}"/>'
    )


def _pose(
    pose: Doubles,
    edge_inds: tuple[tuple[int, int], ...],
    colour: str,
    line: float,
    *,
    dashed: bool,
) -> str:
    """Edges and nodes; truth solid, predictions dashed, to tell them apart without colour."""
    visible = visible_nodes(pose)
    dash = f' stroke-dasharray="{3 * line:.2f} {2 * line:.2f}"' if dashed else ""
    fill = "none" if dashed else colour
    parts = [f'<g stroke="{colour}" stroke-width="{line:.2f}" fill="{fill}">']
    for source, destination in edge_inds:
        if max(source, destination) < len(pose) and visible[source] and visible[destination]:
            (x1, y1), (x2, y2) = pose[source], pose[destination]
            parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{dash}/>')
    radius = line * (2.2 if dashed else 1.5)
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.2f}"/>' for x, y in pose[visible]]
    return "".join([*parts, "</g>"])
