"""Measures the sample models against the truth: on the shipped clips and on scenes nobody has seen.

    python -m samples.measure

Takes about two minutes. Decoding here is a short one of its own, so that these numbers say how good
the models are whatever state the package's pipeline is in.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import sleap_io as sio
import torch
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from scipy.optimize import linear_sum_assignment

from samples.crawlers import SKELETON, Array
from samples.plans import CLASS_NAMES, PLANS, Plan
from samples.scene import clip
from samples.training import centroid_of, cut_crop, network_input
from sleap_rt.models.native.load_native import load_native_model

FOLDER = Path(__file__).resolve().parent
_THRESHOLD = 0.2
_SAME_ANIMAL = 12.0  # px of mean distance up to which a pose belongs to an animal
_UNSEEN_SEEDS = (11, 14, 37, 38)
_EDGES_OUTWARDS = (0, 2, 4, 5, 1, 3)  # from the thorax outwards, as decoding joins them
_MIN_LINE_SCORE = 0.25

Picture = NDArray[np.uint8]


class Frame(NamedTuple):
    """A picture and its truth."""

    picture: Picture
    points: Array  # (n_animals, n_nodes, 2), (x, y) px; NaN where a node is hidden
    names: tuple[str, ...]


class Poses(NamedTuple):
    """What a model finds in a picture."""

    points: Array  # (n_instances, n_nodes, 2), (x, y) px; NaN where nothing was found
    names: tuple[str | None, ...]


class Model:
    """A sample model, run picture by picture."""

    def __init__(self, name: str) -> None:
        self.plan: Plan = PLANS[name]
        self._network = load_native_model(FOLDER / "models" / name).network

    def outputs(self, pictures: Sequence[Picture]) -> dict[str, Array]:
        with torch.inference_mode():
            found = self._network(network_input(np.stack(pictures), self.plan))
        return {name: maps.numpy() for name, maps in found.items()}

    def to_frame(self, cells: Array) -> Array:
        """Confidence-map cells to px of the picture (or crop) the network was given."""
        return cells * self.plan.confmaps_stride / self.plan.input_scale


def single_instance(picture: Picture, model: Model) -> Poses:
    confmaps = model.outputs([picture])["confmaps"][0]
    return Poses(model.to_frame(global_peaks(confmaps))[None], (None,))


def centroids(picture: Picture, model: Model) -> Array:
    """(n, 2), (x, y) px."""
    (confmap,) = model.outputs([picture])["confmaps"][0]
    return model.to_frame(local_peaks(confmap))


def topdown(picture: Picture, centroid_model: Model, crop_model: Model) -> Poses:
    found = centroids(picture, centroid_model)
    if not len(found):
        return _no_poses()
    cut = [cut_crop(picture, centroid, crop_model.plan.crop_size or 0) for centroid in found]
    outputs = crop_model.outputs([crop for crop, _ in cut])
    points = np.array(
        [
            crop_model.to_frame(global_peaks(confmaps)) + corner
            for confmaps, (_, corner) in zip(outputs["confmaps"], cut, strict=True)
        ]
    )
    names: list[str | None] = [None] * len(points)
    if "class_probs" in outputs:
        for crop, index in zip(*linear_sum_assignment(-outputs["class_probs"]), strict=True):
            names[crop] = CLASS_NAMES[index]
    return Poses(points, tuple(names))


def bottomup(picture: Picture, model: Model) -> Poses:
    outputs = model.outputs([picture])
    peaks = [local_peaks(confmap) for confmap in outputs["confmaps"][0]]
    pafs = outputs["pafs"][0]
    owner: list[dict[int, int]] = [{} for _ in peaks]  # node -> peak -> instance
    n_instances = 0
    for edge in _EDGES_OUTWARDS:
        source, destination = SKELETON.edge_inds[edge]
        for a, b in _connections(
            peaks[source], peaks[destination], pafs[2 * edge : 2 * edge + 2], model.plan
        ):
            if a not in owner[source]:
                owner[source][a] = n_instances
                n_instances += 1
            owner[destination][b] = owner[source][a]
    points = np.full((n_instances, SKELETON.n_nodes, 2), np.nan)
    for node, owned in enumerate(owner):
        for peak, instance in owned.items():
            points[instance, node] = model.to_frame(peaks[node][peak])
    return Poses(points, (None,) * n_instances)


def multi_class_bottomup(picture: Picture, model: Model) -> Poses:
    outputs = model.outputs([picture])
    class_maps, plan = outputs["class_maps"][0], model.plan
    points = np.full((len(CLASS_NAMES), SKELETON.n_nodes, 2), np.nan)
    for node, confmap in enumerate(outputs["confmaps"][0]):
        peaks = local_peaks(confmap)
        cells = np.rint(peaks * plan.confmaps_stride / (plan.maps_stride or 1)).astype(int)
        columns = cells[:, 0].clip(0, class_maps.shape[2] - 1)
        rows = cells[:, 1].clip(0, class_maps.shape[1] - 1)
        probabilities = class_maps[:, rows, columns].T  # (n_peaks, n_classes)
        for peak, index in zip(*linear_sum_assignment(-probabilities), strict=True):
            if probabilities[peak].argmax() == index:
                points[index, node] = model.to_frame(peaks[peak])
    found = ~np.isnan(points).all(axis=(1, 2))
    names = tuple(name for name, is_there in zip(CLASS_NAMES, found, strict=True) if is_there)
    return Poses(points[found], names)


def global_peaks(confmaps: Array) -> Array:
    """(n_nodes, 2), (x, y) cells; NaN below the threshold."""
    peaks = np.full((len(confmaps), 2), np.nan)
    for node, confmap in enumerate(confmaps):
        row, column = np.unravel_index(confmap.argmax(), confmap.shape)
        if confmap[row, column] >= _THRESHOLD:
            peaks[node] = _refined(confmap, int(row), int(column))
    return peaks


def local_peaks(confmap: Array) -> Array:
    """(n_peaks, 2), (x, y) cells."""
    around = np.ones((3, 3), bool)
    around[1, 1] = False
    neighbours = maximum_filter(confmap, footprint=around, mode="constant", cval=-np.inf)
    found = np.argwhere((confmap > neighbours) & (confmap > _THRESHOLD))
    return np.array([_refined(confmap, row, column) for row, column in found]).reshape(-1, 2)


def _refined(confmap: Array, row: int, column: int) -> Array:
    patch = np.pad(confmap, 2)[row : row + 5, column : column + 5]
    offset = np.arange(-2, 3)
    shift = np.array([patch.sum(0) @ offset, patch.sum(1) @ offset]) / patch.sum()
    return np.array([column, row]) + np.clip(shift, -2, 2)


def _connections(
    sources: Array, destinations: Array, paf: Array, plan: Plan
) -> Iterator[tuple[int, int]]:
    """Pairs of peaks (given in confidence-map cells) that a part affinity field joins."""
    if not len(sources) or not len(destinations):
        return
    source = sources[:, None] * plan.confmaps_stride  # (n_sources, 1, 2) network-input px
    link = destinations * plan.confmaps_stride - source  # (n_sources, n_destinations, 2)
    length = np.linalg.norm(link, axis=-1)
    along = np.linspace(0, 1, 10)[:, None]
    places = source[..., None, :] + along * link[..., None, :]  # (..., 10, 2)
    cells = np.rint(places / (plan.maps_stride or 1)).astype(int)
    columns, rows = (cells[..., i].clip(0, paf.shape[2 - i] - 1) for i in (0, 1))
    field = np.moveaxis(paf[:, rows, columns], 0, -1).mean(axis=2)
    scores = (field * link).sum(-1) / np.maximum(length, 1e-6)
    longest = 0.25 * max(paf.shape[1:]) * (plan.maps_stride or 1)
    scores += np.minimum(longest / np.maximum(length, 1e-6) - 1, 0)
    for a, b in zip(*linear_sum_assignment(-scores), strict=True):
        if scores[a, b] >= _MIN_LINE_SCORE:
            yield int(a), int(b)


def _no_poses() -> Poses:
    return Poses(np.empty((0, SKELETON.n_nodes, 2)), ())


def shipped_frames(name: str) -> list[Frame]:
    """The clip as it is on disk, and the truth as it is on disk."""
    video = cv2.VideoCapture(str(FOLDER / f"{name}.mp4"))
    frames = []
    for truth in sio.load_slp(str(FOLDER / f"{name}.slp")):
        _, picture = video.read()
        points = np.array([instance.numpy() for instance in truth.instances])
        names = tuple(instance.track.name for instance in truth.instances)
        frames.append(Frame(picture[..., 0], points, names))
    return frames


def unseen_frames(plan: Plan) -> list[Frame]:
    """Every sixth frame of clips with other paths and other ground than the shipped one."""
    names = ("banded",) if plan.kind == "single_instance" else CLASS_NAMES
    frames = []
    for seed in _UNSEEN_SEEDS:
        scenes = clip(seed=seed, n_frames=180, height=plan.height, width=plan.width, names=names)
        for scene in scenes[::6]:
            points = np.where(scene.visible()[..., None], scene.points(), np.nan)
            frames.append(Frame(scene.picture(), points, scene.names))
    return frames


class Tally:
    """Compares poses with the truth, frame after frame."""

    def __init__(self) -> None:
        self._errors: list[float] = []
        self._n_frames = self._n_complete = self._n_animals = self._n_found = 0
        self._n_extra = self._n_nodes = self._n_named = self._n_rightly_named = 0

    def add(self, frame: Frame, poses: Poses) -> None:
        distance = np.linalg.norm(frame.points[:, None] - poses.points[None], axis=-1)
        both = ~np.isnan(distance)
        mean = np.nansum(distance, -1) / np.maximum(both.sum(-1), 1)
        mean[both.sum(-1) == 0] = np.inf
        n_found = 0
        for animal, pose in zip(*linear_sum_assignment(np.minimum(mean, 1e3)), strict=True):
            if mean[animal, pose] > _SAME_ANIMAL:
                continue
            n_found += 1
            self._errors += distance[animal, pose][both[animal, pose]].tolist()
            if poses.names[pose] is not None:
                self._n_named += 1
                self._n_rightly_named += poses.names[pose] == frame.names[animal]
        self._n_frames += 1
        self._n_complete += n_found == len(frame.points)
        self._n_animals += len(frame.points)
        self._n_found += n_found
        self._n_extra += len(poses.points) - n_found
        self._n_nodes += int((~np.isnan(frame.points).any(-1)).sum())

    @property
    def mean_error(self) -> float:
        """px, over all nodes of the animals that were found."""
        return float(np.mean(self._errors))

    @property
    def share_found(self) -> float:
        """Found animals, of all there are."""
        return self._n_found / self._n_animals

    def __str__(self) -> str:
        errors = np.array(self._errors)
        text = (
            f"mean {self.mean_error:5.2f}  median {np.median(errors):5.2f}  "
            f"95 % {np.percentile(errors, 95):5.2f}  max {errors.max():6.2f} px | "
            f"nodes {len(errors) / self._n_nodes:6.1%}  "
            f"animals {self.share_found:6.1%}  "
            f"complete frames {self._n_complete / self._n_frames:6.1%}  extra {self._n_extra}"
        )
        if self._n_named:
            text += f"  identity {self._n_rightly_named / self._n_named:6.1%}"
        return text


def _centroids_as_poses(points: Array) -> Array:
    """One point per animal in the place of the first node, so that one tally serves all."""
    poses = np.full((len(points), SKELETON.n_nodes, 2), np.nan)
    poses[:, 0] = points
    return poses


def _measure(name: str, models: dict[str, Model], frames: Sequence[Frame]) -> Tally:
    tally = Tally()
    for frame in frames:
        if name == "centroid":
            truth = np.array([centroid_of(p) for p in frame.points if not np.isnan(p).all()])
            frame = frame._replace(points=_centroids_as_poses(truth))
            found = centroids(frame.picture, models[name])
            poses = Poses(_centroids_as_poses(found), (None,) * len(found))
        elif PLANS[name].crop_size is not None:
            poses = topdown(frame.picture, models["centroid"], models[name])
        else:
            poses = _DECODERS[name](frame.picture, models[name])
        tally.add(frame, poses)
    return tally


_DECODERS = {
    "single_instance": single_instance,
    "bottomup": bottomup,
    "multi_class_bottomup": multi_class_bottomup,
}


def main() -> None:
    present = [name for name in PLANS if (FOLDER / "models" / name).is_dir()]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=present, default=present)
    chosen = parser.parse_args().only
    torch.set_num_threads(1)
    models = {name: Model(name) for name in {*chosen, "centroid"} & {*present}}
    for name in chosen:
        shipped = "one_crawler" if name == "single_instance" else "crawlers"
        for label, frames in (
            (f"{shipped}.mp4", shipped_frames(shipped)),
            ("unseen scenes", unseen_frames(PLANS[name])),
        ):
            print(f"{name:21} {label:15} {_measure(name, models, frames)}", flush=True)


if __name__ == "__main__":
    main()
