"""Sizes that an engine is built for.

Height, width and channels of a frame are fixed when an engine is built: TensorRT then computes all
that depends on them in advance. Batch, crops and slots stay free up to a limit. A run that exceeds
a limit gets another engine with twice that limit, so few different engines ever exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sleap_rt.errors import EngineError

Shape = tuple[int, ...]
_MOST = {"max_batch": 8, "max_crops": 64, "max_slots": 64}  # what an engine is first built for


@dataclass(frozen=True)
class ShapeRange:
    """Shapes that one input may have.

    Attributes:
        least: smallest.
        usual: what the engine is tuned for.
        most: largest.
    """

    least: Shape
    usual: Shape
    most: Shape


@dataclass(frozen=True, kw_only=True)
class ShapeProfile:
    """What one engine can take.

    Attributes:
        frame_size: (height, width, channels) px, of every frame.
        max_batch: most frames in a batch.
        max_crops: most crops in a batch of frames.
        max_slots: most peaks per confidence map.
    """

    frame_size: tuple[int, int, int]
    max_batch: int = _MOST["max_batch"]
    max_crops: int = _MOST["max_crops"]
    max_slots: int = _MOST["max_slots"]

    def input_shape(self, name: str, graph_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """An input's shape with the frame size filled in; None where still free."""
        return (None, *self.frame_size) if name == "frames" else graph_shape

    def range_of(self, name: str, graph_shape: tuple[int | None, ...]) -> ShapeRange:
        """The shapes one input may have.

        Args:
            name: of the input.
            graph_shape: its shape in the graph, None where free.

        Raises:
            EngineError: the input is free in a way that no rule covers.
        """
        shape = self.input_shape(name, graph_shape)
        if None not in shape:
            fixed = tuple(size for size in shape if size is not None)
            return ShapeRange(fixed, fixed, fixed)
        rest = tuple(size for size in shape[1:] if size is not None)
        if name not in _FIRST_AXIS or len(rest) != len(shape) - 1:
            raise EngineError(
                f"The graph's input {name!r} has shape {shape}, for which the TensorRT engine "
                "knows no sizes. Export the model again with this version of sleap-rt."
            )
        most = getattr(self, _FIRST_AXIS[name])
        return ShapeRange((1, *rest), (max(1, most // 4), *rest), (most, *rest))

    def grown_to(self, shapes: Mapping[str, Shape]) -> "ShapeProfile":
        """The smallest profile from this one up that covers inputs of these shapes."""
        wanted = {limit: getattr(self, limit) for limit in _MOST}
        for name, shape in shapes.items():
            if name in _FIRST_AXIS:
                limit = _FIRST_AXIS[name]
                while wanted[limit] < shape[0]:
                    wanted[limit] *= 2
        return replace(self, frame_size=_frame_size(shapes), **wanted)


_FIRST_AXIS = {
    "frames": "max_batch",
    "centers": "max_crops",
    "frame_index": "max_crops",
    "slots": "max_slots",
}


def profile_for(shapes: Mapping[str, Shape]) -> ShapeProfile:
    """The first profile for inputs of these shapes."""
    return ShapeProfile(frame_size=_frame_size(shapes)).grown_to(shapes)


def _frame_size(shapes: Mapping[str, Shape]) -> tuple[int, int, int]:
    _, height, width, channels = shapes["frames"]
    return height, width, channels
