"""Draws the pictures of the page on tracking, from the sample clip and its bottom-up model.

    python docs/building/tracking_pictures.py docs/images/tracking

The same detections go through several trackers; the drawn truth says which animal is which.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import sleap_io as sio
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sleap_rt import run_inference
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.tracking import Tracker, TrackerOptions
from sleap_rt.tracking.culling import cull
from sleap_rt.tracking.ids import TrackIds
from sleap_rt.tracking.motion.associator import MotionAssociator
from sleap_rt.tracking.similarity.flow import FlowShifter

sys.path.insert(0, str(Path(__file__).parent))  # tests run this file from elsewhere
import on_any_ground

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
METHODS = {  # title -> options
    "the default": TrackerOptions(),
    "--max_tracks 3": TrackerOptions(max_tracks=3, candidates_method="local_queues"),
    "--motion_model kalman --max_tracks 3": TrackerOptions(motion_model="kalman", max_tracks=3),
}
COLORS = ("#2f7ed8", "#d0602a", "#2a9468", "#b0509e", "#a07d1e", "#6b74c8", "#c24a5a", "#2b93a3")
SHADES = 128  # fewer make a smaller file
SAME_ANIMAL_PX = 12.0  # mean distance of the nodes
N_ANIMALS = 3
ON_FRAMES = ("#ffb43c", "#78e678", "#5aa0ff", "#dc78ff")
Doubles = NDArray[np.float64]


def main(folder: Path) -> None:
    on_any_ground.use_style()
    folder.mkdir(parents=True, exist_ok=True)
    video = SAMPLES / "crawlers.mp4"
    found = run_inference(
        video, model_paths=[SAMPLES / "models/bottomup"], engine="ort", progress=False
    )
    frames = [detections(frame) for frame in found]
    edges = found.skeleton.edge_inds
    truth = sio.load_slp(str(SAMPLES / "crawlers.slp"), open_videos=False)
    save(timelines(frames, truth), folder / "methods.png")
    with VideoFile(video) as images:
        save(expectation(frames, images, edges), folder / "expected.png")
        save(flow(frames, images, edges), folder / "flow.png")
        save(culling(frames, images, edges), folder / "culling.png")


def detections(frame: sio.LabeledFrame) -> FrameInstances:
    values = np.array([one.numpy(scores=True) for one in frame.instances], np.float32)
    return FrameInstances.untracked(
        frame_index=frame.frame_idx,
        points=values[..., :2],
        point_scores=values[..., 2],
        scores=np.array([one.score for one in frame.instances], np.float32),
    )


def timelines(frames: list[FrameInstances], truth: sio.Labels) -> Figure:
    """A row per animal, coloured by the track that it was given."""
    figure, panels = plt.subplots(len(METHODS), 1, figsize=(7.5, 4.2), dpi=100, sharex=True)
    names = [track.name for track in truth.tracks]
    for axes, (title, options) in zip(panels, METHODS.items(), strict=True):
        tracker = Tracker(options)
        for frame, true in zip(frames, truth, strict=True):
            tracked = tracker.track(frame)
            for name, track in given_tracks(tracked, true).items():
                row, color = names.index(name), COLORS[track % len(COLORS)]
                axes.barh(row, 1, left=frame.frame_index, height=0.6, color=color, linewidth=0)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlim(0, len(frames))
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xlabel("frame", fontsize=8)
    return figure


def given_tracks(tracked: FrameInstances, true: sio.LabeledFrame) -> dict[str, int]:
    """Names of animals -> ids of the tracks of the poses that lie on them."""
    given = {}
    for animal in true.instances:
        apart = np.linalg.norm(tracked.points - animal.numpy(), axis=-1)
        seen = np.isfinite(apart)
        mean = np.where(seen, apart, 0).sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1)
        mean[~seen.any(axis=-1)] = np.inf
        if len(mean) and mean.min() < SAME_ANIMAL_PX:
            given[animal.track.name] = int(tracked.track_ids[mean.argmin()])
    return given


def expectation(
    frames: list[FrameInstances], images: VideoFile, edges: list[tuple[int, int]]
) -> Figure:
    """Where the motion model expects an animal: one that is seen, and one unseen for frames."""
    associator = MotionAssociator(
        METHODS["--motion_model kalman --max_tracks 3"], TrackIds(), frames[0].points.shape[1]
    )
    unseen_for = np.zeros(N_ANIMALS, int)
    for frame in frames:
        ids, _ = associator.associate(frame.points.astype(float))
        unseen_for = np.where(np.isin(np.arange(N_ANIMALS), ids), 0, unseen_for + 1)
        if unseen_for.max() == 3:  # long enough to see the circles grow
            break
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.0), dpi=100)
    for axes, (title, track) in zip(
        panels,
        (
            ("seen in this frame", int(unseen_for.argmin())),
            ("not seen for three frames", int(unseen_for.argmax())),
        ),
        strict=True,
    ):
        bank = associator._bank  # what a tracker keeps to itself
        pose, radii = bank.positions[track], np.sqrt(bank.variances[track])
        axes.imshow(images.read(frame.frame_index).squeeze(), cmap="gray", vmin=0, vmax=255)
        for other in frame.points:
            draw(axes, other, edges, "#ffffff", width=0.8)
        draw(axes, pose, edges, ON_FRAMES[0], width=1.6)
        for (x, y), radius in zip(pose, radii, strict=True):
            axes.add_patch(
                plt.Circle((x, y), radius, fill=False, color=ON_FRAMES[0], linewidth=0.9)
            )
        axes.set_title(title, fontsize=9)
        around(axes, pose, 62)
    return figure


def flow(frames: list[FrameInstances], images: VideoFile, edges: list[tuple[int, int]]) -> Figure:
    """A pose of five frames ago, and where optical flow takes it."""
    before, now = frames[15], frames[20]
    past, current = (images.read(one.frame_index).squeeze() for one in (before, now))
    shifter = FlowShifter(scale=1.0, window_size=21, max_levels=3)
    shifter.remember(0, shifter.prepare(past), np.zeros(1, np.int64))
    poses = before.points[:, None].astype(float)
    moved = shifter.shift(poses, np.zeros(poses.shape[:2], np.int64), shifter.prepare(current))
    figure, axes = plt.subplots(figsize=(4.6, 3.6), dpi=100)
    axes.imshow(current, cmap="gray", vmin=0, vmax=255)
    for old, new in zip(before.points, moved[:, 0], strict=True):
        draw(axes, old, edges, "#ffffff", width=0.8)
        draw(axes, new, edges, ON_FRAMES[0], width=1.4)
    axes.set_title("white: five frames ago; orange: moved by flow to this frame", fontsize=9)
    axes.set_axis_off()
    return figure


def culling(
    frames: list[FrameInstances], images: VideoFile, edges: list[tuple[int, int]]
) -> Figure:
    """A frame with one detection too many, and what culling to three keeps."""
    frame = next(one for one in frames if len(one) > N_ANIMALS)
    kept = cull(frame.points, frame.scores, max_count=N_ANIMALS, overlap_threshold=0)
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 2.9), dpi=100)
    for axes, title, shown in (
        (panels[0], f"found: {len(frame)}", np.ones(len(frame), bool)),
        (panels[1], f"culled to {N_ANIMALS}", kept),
    ):
        axes.imshow(images.read(frame.frame_index).squeeze(), cmap="gray", vmin=0, vmax=255)
        for number in np.flatnonzero(shown):
            pose, color = frame.points[number], ON_FRAMES[number]
            draw(axes, pose, edges, color, width=1.6)
            x, y = np.nanmax(pose, axis=0)
            axes.text(
                x + 3, y, f"{frame.scores[number]:.2f}", color=color, fontsize=8, clip_on=True
            )
        axes.set_title(title, fontsize=9)
        around(axes, frame.points[frame.scores.argmin()], 85)
    return figure


def draw(
    axes: Axes, pose: Doubles, edges: list[tuple[int, int]], color: str, *, width: float
) -> None:
    for edge in edges:
        axes.plot(*pose[list(edge)].T, color=color, linewidth=width)
    axes.plot(*pose.T, "o", color=color, markersize=1.5 + width)


def around(axes: Axes, pose: Doubles, reach: float) -> None:
    x, y = np.nanmean(pose, axis=0)
    axes.set_xlim(x - reach, x + reach)
    axes.set_ylim(y + 0.7 * reach, y - 0.7 * reach)
    axes.set_axis_off()


def save(figure: Figure, path: Path) -> None:
    figure.set_layout_engine("constrained")
    on_any_ground.save(figure, path, SHADES)
    plt.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
