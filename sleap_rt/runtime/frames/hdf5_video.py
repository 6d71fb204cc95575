"""HDF5 files that hold a video: which dataset it is, and whether reading it is safe."""

from pathlib import Path

import h5py

from sleap_rt.errors import DataError
from sleap_rt.labels.analysis_file import IN_WORDS, is_analysis_file
from sleap_rt.untrusted.hdf5 import check_filters, open_checked

_MOST_PIXELS = 2**27  # of a frame
_MOST_FRAMES = 10**8
_MOST_SEARCHED = 1 << 30  # bytes
_FAILURES = (OSError, ValueError, KeyError, RuntimeError, TypeError)


def check_hdf5_video(path: Path, dataset: str | None) -> None:
    """Refuse a file without the dataset, and one that reads others or declares what it lacks.

    Args:
        path: of the file.
        dataset: its name; None: the first of four axes, as sleap-io takes it.

    Raises:
        DataError: as the summary says; datasets that can hold a video are named.
    """
    found: dict[str, h5py.Dataset] = {}

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 4:
            found[name] = item

    try:
        with open_checked(path, most_searched=_MOST_SEARCHED) as (file, _):
            if dataset is None and is_analysis_file(file):
                raise DataError(
                    f"{path} is {IN_WORDS}, no images; name the video, or the `.slp` file that "
                    "has them"
                )
            file.visititems(collect)
            is_there = dataset in file if dataset else bool(found)
            for name in [dataset.strip("/")] if dataset else list(found)[:1]:
                if name in found:
                    _check_frames(found[name])
                elif name in file:  # images in a package
                    _check_storage(file[name])
    except _FAILURES as error:
        raise DataError(f"{path} cannot be read as HDF5: {error}") from error
    if not is_there:
        raise DataError(
            f"{path} has no {f'dataset {dataset!r}' if dataset else 'dataset of four axes'}; "
            f"datasets that can hold a video: {', '.join(found) or 'none'}."
        )


def _check_storage(dataset: object) -> None:
    if isinstance(dataset, h5py.Dataset):
        if dataset.is_virtual or dataset.external:
            raise ValueError(f"the frames of {dataset.name} are in another file")
        check_filters(dataset)


def _check_frames(dataset: h5py.Dataset) -> None:
    """Refuse frames that are in another file, only declared, or packed to unpack to any size.

    Raises:
        ValueError: as the summary says.
    """
    _check_storage(dataset)
    n_frames, *sides = (int(side) for side in dataset.shape)
    n_stored = dataset.id.get_storage_size()
    n_pixels = sides[0] * sides[1] * sides[2] // 3
    if n_frames and not n_stored:
        raise ValueError(f"{dataset.name} declares {n_frames} frames and holds none")
    if n_pixels > _MOST_PIXELS or n_frames > _MOST_FRAMES:
        raise ValueError(
            f"{dataset.name} declares {n_frames:,} frames of {sides[0]} x {sides[1]} x {sides[2]}; "
            f"at most {_MOST_FRAMES:,} frames of {_MOST_PIXELS:,} px are read"
        )
    chunk = dataset.chunks
    if chunk is not None and chunk[0] * chunk[1] * chunk[2] * chunk[3] > 8 * _MOST_PIXELS:
        raise ValueError(f"{dataset.name} has chunks of {chunk}, too large to be read")
