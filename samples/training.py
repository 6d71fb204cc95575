"""Trains the sample models on drawn scenes and writes them as sleap-nn model folders."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from numpy.typing import NDArray

from samples.crawlers import LOOKS, SKELETON, Array
from samples.plans import ANCHOR, CLASS_NAMES, Plan, initial_weights, training_config
from samples.scene import still
from sleap_rt.models.native.networks import PoseNetwork, Weights, build_network

_ANCHOR = SKELETON.node_names.index(ANCHOR)
_CENTROID_JITTER = 1.0  # px that a centroid model's answer is off, more or less
# Nodes cover little of a picture: without weight on them, flat zero is a good answer for long, and
# so is half a peak on everything that looks like the node. It is the same weight for every channel
# wherever any node is, so that it favours no answer over another.
_NODE_WEIGHT = 15.0


class Example(NamedTuple):
    """A picture and what is to be found in it."""

    picture: NDArray[np.uint8]  # (height, width)
    points: Array  # (n_animals, n_nodes, 2), (x, y) px; NaN where a node cannot be seen
    classes: NDArray[np.int64]  # (n_animals,), index into `CLASS_NAMES`


def draw_examples(
    *, seed: int, n_examples: int, height: int, width: int, n_animals: Sequence[int]
) -> list[Example]:
    """Stills with as many animals as drawn from `n_animals`, no two alike in one picture."""
    rng = np.random.default_rng(seed)
    examples = []
    for _ in range(n_examples):
        names = rng.permutation(list(LOOKS))[: rng.choice(list(n_animals))].tolist()
        scene = still(rng, height=height, width=width, names=names)
        points = np.where(scene.visible()[..., None], scene.points(), np.nan)
        classes = np.array([CLASS_NAMES.index(name) for name in scene.names])
        examples.append(Example(scene.picture(), points, classes))
    return examples


def train(plan: Plan, examples: Sequence[Example], *, seed: int) -> dict[str, torch.Tensor]:
    """Train one model.

    Args:
        plan: what it is and how it is trained.
        examples: pictures, all of one size.
        seed: decides the weights at the start and the order of the examples.

    Returns:
        The tensors of its checkpoint, keys without the `model.` prefix.
    """
    tensors = initial_weights(plan, seed)
    network = build_network(
        plan.backbone(),
        plan.heads(),
        Weights(tensors),
        in_channels=1,
    )
    network.requires_grad_(True)  # its parameters are these `tensors`, which training changes
    optimizer = torch.optim.Adam(network.parameters(), lr=plan.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.learning_rate, total_steps=plan.n_steps, pct_start=0.1
    )
    rng = np.random.default_rng(seed)
    first = [_prepared(plan, example, rng) for example in examples[:16]]
    _standardise(network, network_input(np.stack([example.picture for example in first]), plan))
    total = 0.0
    for step in range(plan.n_steps):
        chosen = [examples[i] for i in rng.integers(len(examples), size=plan.batch_size)]
        loss = _loss(plan, network, [_prepared(plan, example, rng) for example in chosen], rng)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
        if step % 100 == 99:
            print(f"  {plan.kind}: step {step + 1}, loss {total / 100:.5f}", flush=True)
            total = 0.0
    return {key: tensor.detach() for key, tensor in tensors.items()}


def save_model(folder: Path, plan: Plan, tensors: dict[str, torch.Tensor]) -> None:
    """Write `best.ckpt` and `training_config.yaml`."""
    folder.mkdir(parents=True, exist_ok=True)
    n_parameters = sum(tensor.numel() for tensor in tensors.values())
    config = training_config(plan, n_parameters=n_parameters)
    (folder / "training_config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    state = OrderedDict((f"model.{key}", t.clone().contiguous()) for key, t in tensors.items())
    torch.save(
        {
            "epoch": 0,
            "global_step": plan.n_steps,
            "pytorch-lightning_version": "2.5.0",
            "state_dict": state,
        },
        folder / "best.ckpt",
    )


def network_input(pictures: NDArray[np.uint8], plan: Plan) -> torch.Tensor:
    """Pictures or crops (batch, height, width) to (batch, 1, height, width) in [0, 1], padded."""
    batch = torch.from_numpy(np.ascontiguousarray(pictures))[:, None]
    if plan.input_scale != 1:
        size = [int(n * plan.input_scale) for n in batch.shape[-2:]]
        batch = F.interpolate(batch, size, mode="bilinear", antialias=True)  # stays uint8
    rows, columns = (-n % plan.max_stride for n in batch.shape[-2:])
    return F.pad(batch, (0, columns, 0, rows)).float() / 255


def cut_crop(
    picture: NDArray[np.uint8], centroid: Array, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.floating]]:
    """A square crop as the top-down pipeline cuts it, and what to add to a place in it.

    The pixels begin at a whole pixel, the places count from the fractional corner that whole pixel
    was rounded from: networks are trained and run with the same small disagreement.
    """
    corner = np.asarray(centroid, np.float32) - np.float32(size / 2 - 0.5)
    x, y = (np.trunc(corner + size // 2) - size // 2).astype(int)
    padded = np.pad(picture, size)
    return padded[y + size : y + 2 * size, x + size : x + 2 * size], corner


def centroid_of(points: Array) -> Array:
    """The anchor node, or the mean of the visible nodes where it is hidden."""
    anchor = points[_ANCHOR]
    return np.nanmean(points, axis=0) if np.isnan(anchor).any() else anchor


@torch.no_grad()
def _standardise(network: PoseNetwork, image: torch.Tensor) -> None:
    """Scale every layer so that each channel starts with mean 0 and spread 1 on these pictures.

    The networks have no normalisation. Without this, the signal has faded by the time it reaches
    the coarse layers, and they are slow to learn which end of an animal is which.
    """

    def standardise(layer: torch.nn.Module, _: object, maps: torch.Tensor) -> torch.Tensor:
        spread, mean = torch.std_mean(maps, dim=(0, 2, 3))
        spread = spread.clamp_min(1e-3)
        into = (1, -1, 1, 1) if isinstance(layer, torch.nn.ConvTranspose2d) else (-1, 1, 1, 1)
        assert isinstance(layer.weight, torch.Tensor)
        assert isinstance(layer.bias, torch.Tensor)
        layer.weight /= spread.reshape(into)
        layer.bias.copy_((layer.bias - mean) / spread)
        return (maps - mean.reshape(1, -1, 1, 1)) / spread.reshape(1, -1, 1, 1)

    hooks = [
        layer.register_forward_hook(standardise)
        for layer in network.backbone.modules()
        if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d)
    ]
    network(image)
    for hook in hooks:
        hook.remove()


def _prepared(plan: Plan, example: Example, rng: np.random.Generator) -> Example:
    example = _turned(rng, example)
    return example if plan.crop_size is None else _crop_example(rng, example, plan.crop_size)


def _turned(rng: np.random.Generator, example: Example) -> Example:
    """Turn every second picture upside down. (A mirror image would not do: left is not right.)"""
    if rng.random() < 0.5:
        return example
    picture = np.flip(example.picture, (0, 1))
    last = np.array(picture.shape[::-1]) - 1
    return example._replace(picture=picture, points=last - example.points)


def _loss(
    plan: Plan, network: PoseNetwork, examples: Sequence[Example], rng: np.random.Generator
) -> torch.Tensor:
    image = network_input(np.stack([example.picture for example in examples]), plan)
    image = _dimmed(rng, image)
    points = _padded_points(plan, examples)
    size = image.shape[-2:]
    outputs = network(image)
    confmaps = _confmaps(_targets(plan, points), size, plan.confmaps_stride, plan.sigma).amax(1)
    loss = ((outputs["confmaps"] - confmaps) ** 2 * _weight(points, size, plan)).mean()
    stride, sigma = plan.maps_stride or 1, plan.maps_sigma or 1.0
    if plan.kind == "bottomup":
        pafs = _pafs(points, size, stride, sigma)
        on_edge = pafs.abs().amax(1, keepdim=True)
        weight = 1 + _NODE_WEIGHT * on_edge
        loss = loss + 0.3 * ((outputs["pafs"] - pafs) ** 2 * weight).mean()
    elif plan.kind == "multi_class_bottomup":
        animals = _confmaps(points, size, stride, sigma).amax(2)  # (batch, n_animals, rows, cols)
        maps = torch.zeros_like(outputs["class_maps"])
        for b, example in enumerate(examples):
            for animal, index in enumerate(example.classes):
                maps[b, index] = torch.maximum(maps[b, index], (animals[b, animal] > 0.3).float())
        near = (maps.amax(1, keepdim=True) > 0).float()
        entropy = F.binary_cross_entropy(outputs["class_maps"], maps, reduction="none")
        loss = loss + 0.1 * (entropy * (0.1 + near)).mean()
    elif plan.kind == "multi_class_topdown":
        classes = torch.tensor([int(example.classes[0]) for example in examples])
        loss = loss + 0.1 * F.nll_loss(torch.log(outputs["class_probs"] + 1e-6), classes)
    return loss


def _crop_example(rng: np.random.Generator, example: Example, size: int) -> Example:
    """The crop that a slightly wrong centroid gives; the animal it is about comes first."""
    seen = np.flatnonzero(~np.isnan(example.points).all(axis=(1, 2)))
    animal = rng.choice(seen)
    order = [animal, *(other for other in seen if other != animal)]
    centroid = centroid_of(example.points[animal]) + rng.normal(0, _CENTROID_JITTER, 2)
    crop, corner = cut_crop(example.picture, centroid, size)
    return Example(crop, example.points[order] - corner, example.classes[order])


def _dimmed(rng: np.random.Generator, image: torch.Tensor) -> torch.Tensor:
    """Change brightness and contrast a little and add grain."""
    shape = (len(image), 1, 1, 1)
    gain = torch.from_numpy(rng.uniform(0.85, 1.15, shape)).float()
    shift = torch.from_numpy(rng.uniform(-0.05, 0.05, shape)).float()
    grain = torch.from_numpy(rng.normal(0, 0.008, image.shape)).float()
    lit = (image > 0).float()  # the padding stays black
    return ((image - 0.5) * gain + 0.5 + shift + grain).clamp(0, 1) * lit


def _padded_points(plan: Plan, examples: Sequence[Example]) -> torch.Tensor:
    """(batch, n_animals, n_nodes, 2), (x, y) network-input px, NaN where there is none."""
    most = max(len(example.points) for example in examples)
    points = np.full((len(examples), most, SKELETON.n_nodes, 2), np.nan)
    for row, example in zip(points, examples, strict=True):
        row[: len(example.points)] = example.points
    return torch.from_numpy(points * plan.input_scale).float()


def _targets(plan: Plan, points: torch.Tensor) -> torch.Tensor:
    """What the confidence maps show: every node, of one animal in a crop; or every centroid."""
    if plan.crop_size is not None:
        return points[:, :1]
    if plan.kind != "centroid":
        return points
    anchor = points[:, :, _ANCHOR]
    return torch.where(anchor.isnan(), points.nanmean(dim=2), anchor)[:, :, None]


def _confmaps(points: torch.Tensor, size: Sequence[int], stride: int, sigma: float) -> torch.Tensor:
    """(batch, n_animals, n_nodes, rows, columns): a Gaussian for each point, 0 where it is NaN."""
    rows, columns = (torch.arange(0, n, stride) for n in size)
    x = (columns - points[..., 0, None]) ** 2
    y = (rows - points[..., 1, None]) ** 2
    x, y = (torch.exp(-d / (2 * sigma**2)).nan_to_num() for d in (x, y))
    return y[..., :, None] * x[..., None, :]


def _pafs(points: torch.Tensor, size: Sequence[int], stride: int, sigma: float) -> torch.Tensor:
    """(batch, 2 * n_edges, rows, columns): each edge's direction, weighted by nearness to it."""
    rows, columns = (torch.arange(0, n, stride) for n in size)
    cells = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1).float()  # (r, c, 2)
    ends = torch.tensor(SKELETON.edge_inds)
    start, link = points[:, :, ends[:, 0]], points[:, :, ends[:, 1]] - points[:, :, ends[:, 0]]
    start, link = start[..., None, None, :], link[..., None, None, :]  # (b, a, e, 1, 1, 2)
    length = link.norm(dim=-1, keepdim=True).clamp_min(1e-3)
    offset = cells - start
    share = ((offset * link).sum(-1, keepdim=True) / length**2).clamp(0, 1)
    distance = (offset - share * link).norm(dim=-1, keepdim=True)
    field = torch.exp(-(distance**2) / (2 * sigma**2)) * link / length
    field = field.nan_to_num().sum(1)  # (b, e, r, c, 2)
    return field.movedim(-1, 2).flatten(1, 2)


def _weight(points: torch.Tensor, size: Sequence[int], plan: Plan) -> torch.Tensor:
    """(batch, 1, rows, columns): larger where any node of any animal is."""
    nodes = _confmaps(points, size, plan.confmaps_stride, plan.sigma).amax((1, 2))
    return 1 + _NODE_WEIGHT * nodes[:, None]
