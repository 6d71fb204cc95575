"""What a model is, in a few sentences for a person."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sleap_rt.kinds import ModelKind, is_crop_model_alone
from sleap_rt.model_files import FILES_OF_MODELS
from sleap_rt.words import as_typed, counted
from sleap_rt.workflows.inspect.proof_in_words import proof_in_words
from sleap_rt.workflows.inspect.training.in_words import training_in_words
from sleap_rt.workflows.pairs import pairs_beside
from sleap_rt.workflows.planning.doubts import of_two_skeletons

_KINDS = {
    "single_instance": "single-animal model: finds the one animal of a frame",
    "bottomup": "bottom-up model: finds every animal of a frame",
    "centroid": "first half of a top-down model: finds where the animals of a frame are",
    "centered_instance": "second half of a top-down model: finds the nodes of one animal in a crop",
    "multi_class_bottomup": "bottom-up identity model: finds every animal and tells which it is",
    "multi_class_topdown": "second half of a top-down identity model: finds the nodes of one "
    "animal in a crop, and tells which animal it is",
}
_NEEDS = {
    "centroid": "alone it gives one point per animal; poses need a crop model beside it",
    "centered_instance": "needs a centroid model beside it, or labelled animals",
    "multi_class_topdown": "needs a centroid model beside it, or labelled animals",
}


def in_words(models: Sequence[Mapping[str, Any]], path: Path) -> list[str]:
    """Sentences, one per line: what each model is, what it needs, how it was proven, how to use it.

    Args:
        models: as `describe` gives them, first stage first.
        path: of the models.
    """
    kinds = {model["kind"] for model in models}
    lines = []
    for model in models:
        nodes = "" if model["kind"] == "centroid" else f", {_nodes(model)}"
        lines.append(f"{_KINDS[model['kind']]}{nodes}")
        lines.append(f"  trained on {_frames(model['preprocessing'])}")
        lines += training_in_words(model.get("training", {}))
        if len(kinds) == 1 and model["kind"] in _NEEDS:
            lines.append(f"  {_NEEDS[model['kind']]}")
        if model.get("certificate") is not None:
            proof, *more = proof_in_words(model)
            lines += [f"  proven at export: {proof}", *(f"    {line}" for line in more)]
        lines += _speed(model, path)
        for size, measured in (model.get("engines") or {}).items():
            lines.append(f"  frames of {size}: {measured}")
    doubts = of_two_skeletons([model["skeleton"]["nodes"] for model in models])
    lines += [f"warning: {doubt}" for doubt in doubts]
    return [*lines, *_use(path, [model["kind"] for model in models])]


def _use(path: Path, kinds: Sequence[ModelKind]) -> Iterator[str]:
    """How to use it; half of a pair with the other half, where that is beside it."""
    folder = path.parent if path.name in FILES_OF_MODELS else path
    pairs: list[tuple[Path, ...]] = (
        [*pairs_beside(folder)] if len(kinds) == 1 and kinds[0] in _NEEDS else []
    )
    data = "LABELS.slp" if is_crop_model_alone(kinds) and not pairs else "VIDEO"
    for models in pairs or [(path,)]:
        yield f"use: sleap-nn track -i {data} -m {' '.join(map(as_typed, models))}"


_LIGHT, _MEDIUM = 2.0, 20.0  # gigaflop per image: 60 per s and 30 frames/s; ten times as much
_CLASSES = (
    (_LIGHT, "light, a CPU of four cores keeps up with a camera"),
    (_MEDIUM, "medium, a GPU keeps up with a camera, and a CPU runs behind it"),
    (float("inf"), "heavy, wants a GPU"),
)


def _speed(model: Mapping[str, Any], path: Path) -> list[str]:
    """How quick the model is, from its operations; of an exported one, what measures it."""
    if model.get("compute"):
        work = model["compute"]["gigaflop_per_image"]
        words = next(words for most, words in _CLASSES if work <= most)
        image = "crop" if model["preprocessing"]["crop_size"] else "frame"
        return [f"  speed: {work:.2g} GFLOP per {image}: {words}"]
    if model.get("engines"):
        return []  # what was measured here is told
    if model["stored_as"] == "exported graph":
        command = f"sleap-nn bench {as_typed(path)} -i VIDEO"
        return [f"  speed: `{command}` measures it; no run of `track` compared engines here yet"]
    return ["  speed: --verbose counts operations; of an export, `sleap-nn bench` measures it"]


def _nodes(model: Mapping[str, Any]) -> str:
    names = model["skeleton"]["nodes"]
    found = counted(len(names), "node")
    classes = model.get("classes")
    return f"{found}, classes {', '.join(classes)}" if classes else found


def _frames(spec: Mapping[str, Any]) -> str:
    colors = "gray" if spec["in_channels"] == 1 else "RGB"
    crop, size = spec["crop_size"], (spec["max_width"], spec["max_height"])
    scale = "" if spec["input_scale"] == 1 else f", at {spec['input_scale']:g} of their size"
    if crop is not None:
        return f"{colors} crops of {crop[1]}x{crop[0]} px{scale}"
    sized = "" if None in size else f" of {size[0]}x{size[1]} px"
    return f"{colors} frames{sized}{scale}"
