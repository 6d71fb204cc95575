"""Gray and RGB: frames have one channel or three, known at run time; networks want one of them."""

import numpy as np

from sleap_rt.export.graph.part import Op, Value, constant, length

LUMA = (0.2989, 0.587, 0.114)  # of red, green and blue; they sum to 0.9999, as in training


def has_channels(op: Op, image: Value, n: int) -> Value:
    """() bool: whether (batch, channels, height, width) has so many channels."""
    return op.Equal(length(op, image, 1), n)


def three_channels(op: Op, image: Value) -> Value:
    """One channel repeated, or three as they are."""
    last = op.Shape(image, start=1, end=2) - 1
    return op.Gather(image, op.Min(constant(op, np.arange(3)), last), axis=1)


def luma(op: Op, image: Value) -> Value:
    """(batch, 1, height, width): weighted sum of red, green and blue.

    Planes are gathered, not split: this may stand in a branch that gray frames do not take, and
    TensorRT checks the shapes there as well.
    """
    last = op.Shape(image, start=1, end=2) - 1
    red, green, blue = (
        op.Gather(image, op.Min(constant(op, np.array([i])), last), axis=1) for i in range(3)
    )
    return (red * LUMA[0] + green * LUMA[1]) + blue * LUMA[2]
