"""The array types of the package: one name for each kind of number; docstrings give the shape."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]  # what networks and graphs compute in
Doubles = NDArray[np.float64]  # what metrics are computed in
AnyFloats = NDArray[np.floating]  # poses, whatever their source computed in
Ints = NDArray[np.int64]
AnyInts = NDArray[np.integer]
Rows = NDArray[np.intp]  # positions in another array
Bools = NDArray[np.bool_]
Image = NDArray[np.uint8]  # (height, width, channels), gray or RGB; or several, one axis more
AnyImage = NDArray[np.generic]  # an image whose numbers may be of another type
