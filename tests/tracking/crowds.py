"""Synthetic crowds: animals that wander, meet and hide each other, as a detector sees them."""

from dataclasses import dataclass, replace

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.instances import FrameInstances
from tracking.identities import Labeled


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """What a crowd does and how badly it is seen; every draw comes from `seed`."""

    n_animals: int
    n_frames: int = 300
    n_nodes: int = 13
    body_px: float = 40.0
    area_per_animal_px: float = 150.0  # side of the square each animal would have to itself
    speed_px: float = 3.0
    turn_rad: float = 0.15
    noise_px: float = 1.0
    miss: float = 0.03  # chance that an animal is not found
    miss_hidden: float = 0.5  # the same for one that overlaps an animal nearer the camera
    miss_node: float = 0.02
    false_positive: float = 0.05  # expected per animal and frame
    seed: int = 0


def crossing(*, n_frames: int = 120, seed: int = 0) -> Crowd:
    """Two animals in a space so small that their paths cross again and again."""
    return Crowd(n_animals=2, n_frames=n_frames, area_per_animal_px=90.0, seed=seed)


def easy(crowd: Crowd) -> Crowd:
    """The same animals seen by a perfect detector."""
    return replace(
        crowd, noise_px=0.0, miss=0.0, miss_hidden=0.0, miss_node=0.0, false_positive=0.0
    )


def draw(crowd: Crowd) -> tuple[list[Labeled], list[FrameInstances]]:
    """True poses, and detections in random order; one entry per frame each."""
    rng = np.random.default_rng(crowd.seed)
    truth = _poses(crowd, rng)  # (n_frames, n_animals, n_nodes, 2)
    ids = np.arange(crowd.n_animals)
    detections = [_detections(crowd, poses, frame, rng) for frame, poses in enumerate(truth)]
    return [Labeled(poses, ids) for poses in truth], detections


def _poses(crowd: Crowd, rng: np.random.Generator) -> Doubles:
    """Bodies that follow their heads along smooth wandering paths inside a square arena."""
    n, arena = crowd.n_animals, crowd.area_per_animal_px * np.sqrt(crowd.n_animals)
    along, across = _body(crowd)
    place, heading = rng.uniform(0, arena, (n, 2)), rng.uniform(-np.pi, np.pi, n)
    turn, speed = np.zeros(n), rng.uniform(0, 2 * crowd.speed_px, n)
    poses = np.empty((crowd.n_frames, n, crowd.n_nodes, 2))
    for frame in range(crowd.n_frames):
        turn = 0.8 * turn + rng.normal(0, crowd.turn_rad / 2, n)
        speed = np.abs(0.95 * speed + 0.05 * crowd.speed_px + rng.normal(0, 0.3, n))
        to_middle = np.arctan2(*(arena / 2 - place).T[::-1])
        outside = np.any((place < 0) | (place > arena), axis=1)
        off_course = np.angle(np.exp(1j * (to_middle - heading)))
        heading = heading + turn + np.where(outside, np.clip(off_course, -0.4, 0.4), 0)
        direction = np.stack((np.cos(heading), np.sin(heading)), axis=1)
        normal = direction[:, ::-1] * (-1, 1)
        place = place + speed[:, None] * direction
        bend = turn[:, None] * along**2 / crowd.body_px
        poses[frame] = (
            place[:, None]
            + along[:, None] * direction[:, None]
            + (across + bend)[..., None] * normal[:, None]
        )
    return poses


def _body(crowd: Crowd) -> tuple[Doubles, Doubles]:
    """Node offsets in px, along and across the body."""
    along = np.linspace(0.5, -0.5, crowd.n_nodes) * crowd.body_px
    across = np.where(np.arange(crowd.n_nodes) % 2, 0.15, -0.15) * crowd.body_px
    return along, across


def _detections(
    crowd: Crowd, poses: Doubles, frame: int, rng: np.random.Generator
) -> FrameInstances:
    centers = poses.mean(axis=1)
    apart = np.linalg.norm(centers[:, None] - centers[None], axis=-1)
    hidden = np.tril(apart < 0.5 * crowd.body_px, k=-1).any(axis=1)  # the lower id is on top
    found = rng.random(len(poses)) >= np.where(hidden, crowd.miss_hidden, crowd.miss)
    seen = poses[found] + rng.normal(0, crowd.noise_px, poses[found].shape)
    low, high = centers.min(axis=0), centers.max(axis=0)
    n_false = rng.poisson(crowd.false_positive * len(poses))
    false = poses[rng.integers(len(poses), size=n_false)] - centers.mean(axis=0)
    false = false + rng.uniform(low, high + 1, (n_false, 1, 2)) - false.mean(axis=1, keepdims=True)
    points = np.concatenate((seen, false))
    points[rng.random(points.shape[:2]) < crowd.miss_node] = np.nan
    points = points[rng.permutation(len(points))].astype(np.float32)
    return FrameInstances.untracked(
        frame_index=frame,
        points=points,
        point_scores=np.where(np.isnan(points[..., 0]), 0, 1).astype(np.float32),
        scores=np.ones(len(points), np.float32),
    )
