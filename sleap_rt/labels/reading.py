"""Reads labels files, checked before anything in them is followed."""

from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import DataError, OptionError, did_you_mean_path
from sleap_rt.labels.analysis_file import IN_WORDS, is_analysis_file
from sleap_rt.untrusted import listed

if TYPE_CHECKING:
    import sleap_io as sio

    from sleap_rt.labels.descriptions import Descriptions

_TIMES = 200  # of its size that a file's tables may unpack to: empty poses compress well
_MOST_COMPRESSED = 1100  # times that HDF5's compression can at most reach


def load_labels(path: str | Path) -> "sio.Labels":
    """Read a `.slp` file, without its videos.

    Packages whose frames name videos by their datasets are the exception: their videos are opened,
    which alone tells them apart, and closed again.

    Args:
        path: of the file.

    Raises:
        DataError: there is no such file, it is not a labels file, or one of its tables refers to
            what is not there.
    """
    import sleap_io as sio  # takes a second to import

    path = Path(path)
    if path.is_dir():
        inside = sorted(one.name for one in path.glob("*.slp"))
        of_it = f", of this folder {listed(inside)}" if inside else ""
        raise DataError(f"{path} is a folder; name a .slp labels file{of_it}")
    if not path.is_file():
        hint = did_you_mean_path(path)
        if not hint and has_magic(path.name):
            hint = (
                " Patterns are not read here: leave out the quotes, and the shell names the files"
            )
        raise DataError(f"There is no labels file {path}.{hint}")
    try:
        by_dataset = _checked(path)
        labels = sio.load_slp(str(path), open_videos=by_dataset)
    except Exception as error:  # of h5py and sleap-io, which meet damage with nearly every type
        raise DataError(f"{path} cannot be read as a `.slp` file: {_words(error)}") from error
    for video in labels.videos if by_dataset else ():
        video.close()
        video.open_backend = False
    return labels


def check_labels(name: str, given: Any) -> None:
    """Refuse what is given in place of labels in memory.

    Args:
        name: of the argument.
        given: its value.

    Raises:
        OptionError: they are no labels.
    """
    import sleap_io as sio

    if not isinstance(given, sio.Labels):
        raise OptionError(
            f"{name} must be sleap_io Labels; got {type(given).__name__}. `sleap_io.load_slp` "
            "reads a file"
        )


def _checked(path: Path) -> bool:
    """Check a file; whether its frames name videos by their datasets.

    sleap-io then has to open the videos, which are in the file, to tell them apart.
    """
    import h5py

    from sleap_rt.labels.descriptions import read_descriptions
    from sleap_rt.labels.tables import check_tables, frame_video_ids
    from sleap_rt.untrusted.budget import Budget

    budget = Budget(path.stat().st_size, _TIMES)
    check_datasets(path)
    with h5py.File(path, "r") as file:
        if is_analysis_file(file):
            raise ValueError(f"it is {IN_WORDS}; name the `.slp` file that has them")
        told = read_descriptions(file, budget)
        check_tables(file, told, budget)
        return _by_dataset(told, frame_video_ids(file))


def check_datasets(path: Path) -> None:
    """Refuse a file with a dataset whose values lie in another file, or were never written.

    Raises:
        ValueError: as the summary says, or as `open_checked`.
        OSError, RuntimeError: it is no HDF5 file, or damaged.
    """
    import h5py

    from sleap_rt.untrusted.budget import Budget
    from sleap_rt.untrusted.hdf5 import check_dataset, check_texts, open_checked

    with open_checked(path) as (file, content):

        def check(name: str, item: object) -> None:
            if not isinstance(item, h5py.Dataset):
                return
            check_dataset(item, Budget(len(content), _MOST_COMPRESSED))
            check_texts(item, content)
            if item.nbytes and not item.id.get_storage_size():
                raise ValueError(f"{name} declares {len(item):,} rows, but holds none")

        file.visititems(check)


def _by_dataset(told: "Descriptions", used: set[int]) -> bool:
    counts_places = len(used) == told.n_videos and max(used, default=0) == told.n_videos - 1
    places = all(one in (None, place) for place, one in enumerate(told.dataset_ids))
    return not (counts_places or places)


def _words(error: Exception) -> str:
    if isinstance(error, KeyError):  # its text is in quotes
        return f"it has no {error.args[0]}" if error.args else "KeyError"
    return str(error) or type(error).__name__
