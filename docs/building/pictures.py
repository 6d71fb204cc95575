"""Draws the pictures of the pages on kinds of models, from the samples.

    python docs/building/pictures.py docs/images/kinds

Each shows a frame, what the network gives for it, and the poses that come out.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sleap_rt import PosePredictor, run_inference

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SETS = {
    "single_instance": ("single_instance",),
    "bottomup": ("bottomup",),
    "topdown": ("centroid", "centered_instance"),
    "centroid": ("centroid",),
    "multi_class_bottomup": ("multi_class_bottomup",),
    "multi_class_topdown": ("centroid", "multi_class_topdown"),
}
MAPS = {
    "single_instance": ("confmaps",),
    "bottomup": ("confmaps", "pafs"),
    "topdown": ("confmaps",),
    "centroid": ("confmaps",),
    "multi_class_bottomup": ("confmaps", "class_maps"),
    "multi_class_topdown": ("confmaps", "class_vectors"),
}
FRAME = 20
SHADES = 64  # fewer make a smaller file
COLORS = ("#ffb43c", "#78e678", "#5a8cff", "#dc78ff")
Found = dict[str, Any]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, models in SETS.items():
        video = SAMPLES / ("one_crawler.mp4" if kind == "single_instance" else "crawlers.mp4")
        paths = [SAMPLES / "models" / model for model in models]
        with PosePredictor(paths) as predictor:
            edges, classes = predictor.skeleton.edge_inds, predictor.class_names
        batch = run_inference(
            video,
            model_paths=paths,
            frames=[FRAME],
            make_labels=False,
            progress=False,
            **{f"return_{name}": True for name in MAPS[kind]},
        )[0]
        found = {name: values[0] for name, values in batch.items()}
        draw(kind, found, frame_of(video), edges, classes, folder / f"{kind}.png")


def frame_of(video: Path) -> NDArray[np.uint8]:
    import sleap_io as sio

    return np.asarray(sio.load_video(str(video))[FRAME]).squeeze()


def draw(
    kind: str,
    found: Found,
    frame: NDArray[np.uint8],
    edges: list[tuple[int, int]],
    classes: list[str],
    path: Path,
) -> None:
    panels = [("frame", lambda axes: None), *maps(kind, found, frame, classes)]
    if kind != "centroid":
        panels.append(("poses", lambda axes: poses(axes, found, edges, classes)))
    figure, row = plt.subplots(1, len(panels), figsize=(3.2 * len(panels), 2.9), dpi=100)
    for axes, (title, paint) in zip(row, panels, strict=True):
        axes.imshow(frame, cmap="gray", vmin=0, vmax=255)
        paint(axes)
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
        if not axes.get_label():
            axes.set_xlim(-0.5, frame.shape[1] - 0.5)
            axes.set_ylim(frame.shape[0] - 0.5, -0.5)
    figure.tight_layout(pad=0.4)
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    picture.quantize(SHADES, dither=Image.Dither.NONE).save(path, optimize=True)
    plt.close(figure)


def maps(
    kind: str, found: Found, frame: NDArray[np.uint8], classes: list[str]
) -> list[tuple[str, Any]]:
    """Titles, and what paints each panel."""
    panels = []
    if "pred_centroid_confmaps" in found or kind == "centroid":
        centroids = found.get("pred_centroid_confmaps", found.get("pred_confmaps"))
        panels.append(("centroid map", lambda axes: overlay(axes, centroids, frame.shape)))
    if "pred_centroid_confmaps" in found and kind != "centroid":
        crop = found["pred_confmaps"][0]
        panels.append(
            (f"maps of one crop, {crop.shape[1]}x{crop.shape[2]}", lambda axes: alone(axes, crop))
        )
    elif kind != "centroid":
        panels.append(
            ("confidence maps", lambda axes: overlay(axes, found["pred_confmaps"], frame.shape))
        )
    if "pred_part_affinity_fields" in found:
        fields = found["pred_part_affinity_fields"]
        panels.append(("part affinity fields", lambda axes: arrows(axes, fields, frame.shape)))
    if "pred_class_maps" in found:
        by_class = found["pred_class_maps"]
        panels.append(("class maps", lambda axes: overlay_classes(axes, by_class, frame.shape)))
    if "pred_class_vectors" in found:
        vectors = found["pred_class_vectors"]
        panels.append(("class probabilities", lambda axes: bars(axes, vectors, classes)))
    return panels


def extent(channels: NDArray[Any], shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    """Where maps lie on the frame: whole cells, which may reach over its border (padding)."""
    cell = 2 ** np.ceil(np.log2(shape[1] / channels.shape[2]))
    return (-0.5, channels.shape[2] * cell - 0.5, channels.shape[1] * cell - 0.5, -0.5)


def overlay(axes: Axes, channels: NDArray[Any], shape: tuple[int, ...]) -> None:
    strongest = channels.max(axis=0)
    axes.imshow(strongest, cmap="magma", extent=extent(channels, shape), alpha=0.75, vmin=0, vmax=1)


def overlay_classes(axes: Axes, channels: NDArray[Any], shape: tuple[int, ...]) -> None:
    color = np.zeros((*channels.shape[1:], 4))
    for values, name in zip(channels, COLORS, strict=False):
        color += values[..., None] * np.array(matplotlib.colors.to_rgba(name))
    axes.imshow(color.clip(0, 1), extent=extent(channels, shape))


def alone(axes: Axes, channels: NDArray[Any]) -> None:
    axes.clear()
    axes.set_label("own size")
    axes.imshow(channels.max(axis=0), cmap="magma", vmin=0, vmax=1)


def arrows(axes: Axes, fields: NDArray[Any], shape: tuple[int, ...]) -> None:
    vectors = fields.reshape(-1, 2, *fields.shape[1:])
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    best = lengths.argmax(axis=0)[None]
    u, v = (np.take_along_axis(vectors[:, axis], best, axis=0)[0] for axis in (0, 1))
    length = lengths.max(axis=0)
    rows, columns = np.nonzero(length > 0.3)
    cell = (extent(fields, shape)[1] + 0.5) / fields.shape[2]
    x, y = columns * cell, rows * cell
    axes.quiver(
        x, y, u[rows, columns], v[rows, columns], length[rows, columns],
        angles="xy", cmap="viridis", scale=28, width=0.004,
    )  # fmt: skip


def bars(axes: Axes, vectors: NDArray[Any], classes: list[str]) -> None:
    axes.clear()
    axes.set_label("own size")
    axes.imshow(vectors, cmap="magma", vmin=0, vmax=1)
    for animal, values in enumerate(vectors):
        for column, value in enumerate(values):
            text = f"{classes[column]}\n{value:.2f}"
            color = "black" if value > 0.6 else "white"
            axes.text(column, animal, text, ha="center", va="center", fontsize=7, color=color)


def poses(axes: Axes, found: Found, edges: list[tuple[int, int]], classes: list[str]) -> None:
    for number, pose in enumerate(found["pred_instance_peaks"]):
        track = int(found["track_ids"][number])
        color = COLORS[track if track >= 0 else number]
        for edge in edges:
            axes.plot(*pose[list(edge)].T, color=color, linewidth=1.4)
        axes.plot(*pose.T, "o", color=color, markersize=2.5)
        if track >= 0:
            x, y = np.nanmin(pose, axis=0)
            axes.text(x, y - 4, classes[track], color=color, fontsize=7)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
