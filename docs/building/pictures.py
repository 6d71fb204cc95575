"""Draws the pictures of the pages on kinds of models, from the samples.

    python docs/building/pictures.py docs/images/kinds

Each shows a frame, what the network sees of it, what it gives, and the poses that come out.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import onnx
import onnxruntime
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sleap_rt import PosePredictor, run_inference
from sleap_rt.export import cached_graphs
from sleap_rt.options import NO_OVERRIDES
from sleap_rt.runtime import read_graph_file

sys.path.insert(0, str(Path(__file__).parent))  # tests run this file from elsewhere
import on_any_ground

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
GRAY = plt.get_cmap("gray", 12)  # of frames: their noise is most of a file
COLUMNS = 4
COLORS = ("#ffb43c", "#78e678", "#5a8cff", "#dc78ff")
Found = dict[str, Any]
Panel = tuple[str, Callable[[Axes], None]]


def main(folder: Path) -> None:
    on_any_ground.use_style()
    folder.mkdir(parents=True, exist_ok=True)
    for kind, models in SETS.items():
        video = SAMPLES / ("one_crawler.mp4" if kind == "single_instance" else "crawlers.mp4")
        paths = [SAMPLES / "models" / model for model in models]
        with PosePredictor(paths) as predictor:
            edges, classes = predictor.skeleton.edge_inds, predictor.class_names
        found = predicted(video, paths, MAPS[kind])
        frame = frame_of(video)
        centers = predicted(video, paths[:1], ())["pred_instance_peaks"][:, 0]  # of a pair
        for graph in cached_graphs(paths, NO_OVERRIDES):
            one = read_graph_file(graph).contract.kind
            found[f"seen by {one}"] = seen(graph, frame, centers)
        draw(kind, found, frame, edges, classes, folder / f"{kind}.png")


def predicted(video: Path, models: list[Path], raw: tuple[str, ...]) -> Found:
    """What is found in the frame, and the networks' outputs that are named."""
    batch = run_inference(
        video,
        model_paths=models,
        frames=[FRAME],
        make_labels=False,
        progress=False,
        **{f"return_{name}": True for name in raw},
    )[0]
    return {name: values[0] for name, values in batch.items()}


def seen(graph: Path, frame: NDArray[np.uint8], centers: NDArray[Any]) -> NDArray[Any]:
    """The network's input for the frame, or for the crop around the first center."""
    (network,) = (p for p in read_graph_file(graph).contract.parts if p.name == "network")
    (name,) = network.inputs
    model = onnx.load(graph)
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    feed: dict[str, NDArray[Any]] = {
        one.name: np.zeros((1,) * len(one.shape), np.float32) for one in session.get_inputs()
    }
    feed["frames"] = frame[None, ..., None]
    if "centers" in feed:
        feed |= {"centers": centers[:1].astype(np.float32), "frame_index": np.zeros(1, np.int64)}
    return np.asarray(session.run([name], feed)[0])[0, 0]


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
    panels: list[Panel] = [("frame", lambda axes: None), *maps(kind, found, frame, classes)]
    if kind != "centroid":
        panels.append(("poses", lambda axes: poses(axes, found, edges, classes)))
    rows = -(-len(panels) // COLUMNS)
    columns = -(-len(panels) // rows)
    figure, grid = plt.subplots(
        rows, columns, figsize=(3.2 * columns, 2.9 * rows), dpi=90, squeeze=False
    )
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (title, paint) in zip(grid.flat, panels, strict=False):
        axes.imshow(frame, cmap=GRAY, vmin=0, vmax=255)
        paint(axes)
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
        if not axes.get_label():
            axes.set_xlim(-0.5, frame.shape[1] - 0.5)
            axes.set_ylim(frame.shape[0] - 0.5, -0.5)
    figure.tight_layout(pad=0.4)
    on_any_ground.save(figure, path, shades=256)
    plt.close(figure)


def maps(kind: str, found: Found, frame: NDArray[np.uint8], classes: list[str]) -> list[Panel]:
    """Titles, and what paints each panel."""
    panels: list[Panel] = []
    crop_model = {"topdown": "centered_instance"}.get(kind, kind)
    is_pair = "pred_centroid_confmaps" in found and kind != "centroid"
    if is_pair or kind == "centroid":
        centroids = found.get("pred_centroid_confmaps", found.get("pred_confmaps"))
        panels.append(sees(found["seen by centroid"]))
        panels.append(("centroid map", lambda axes: overlay(axes, centroids, frame.shape)))
    if kind != "centroid":
        panels.append(sees(found[f"seen by {crop_model}"], " of one animal" if is_pair else ""))
    if is_pair:
        crop = found["pred_confmaps"][0]
        panels.append((f"its maps, {_size(crop[0])}", lambda axes: alone(axes, crop)))
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


def sees(image: NDArray[Any], of: str = "") -> Panel:
    def paint(axes: Axes) -> None:
        axes.clear()
        axes.set_label("own size")
        axes.imshow(image, cmap=GRAY, vmin=0)

    return f"what the network sees{of}, {_size(image)}", paint


def _size(image: NDArray[Any]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


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
