"""NWB files whose times and identifiers come from the provenance: nothing is left to chance."""

import mmap
import uuid
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.runtime.outputs.nwb.fitting import fit_for_nwb

if TYPE_CHECKING:
    import sleap_io as sio

_STARTS = ("inference_start_timestamp", "start_timestamp")  # of predictions, of tracking alone
_NO_TIME = datetime(1970, 1, 1, tzinfo=timezone.utc)


def write_nwb(labels: "sio.Labels", path: Path) -> None:
    """Write labels as predictions; the start of the session is that of the run.

    A provenance without times gives a session that starts in 1970.
    """
    from sleap_io.io import nwb_predictions

    started = _start(dict(labels.provenance))
    identifier = uuid.uuid5(uuid.NAMESPACE_OID, repr(dict(labels.provenance)))
    with warnings.catch_warnings(), fit_for_nwb(labels) as (fitted, poses):
        warnings.simplefilter("ignore")  # sleap-io uses names that pynwb has deprecated
        about = {
            "session_start_time": started,
            "file_create_date": [started],
            "identifier": str(identifier),
        }
        nwb_predictions.write_nwb(
            fitted, str(path), nwb_file_kwargs=about, pose_estimation_metadata=poses
        )
    _name_objects(path, identifier)


def _start(provenance: dict[str, Any]) -> datetime:
    given = next((provenance[name] for name in _STARTS if name in provenance), None)
    if given is None:
        return _NO_TIME
    time = datetime.fromisoformat(given)
    return time if time.tzinfo is not None else time.astimezone()


def _name_objects(path: Path, identifier: uuid.UUID) -> None:
    """Replace the random ids of the file's objects, which are of one length, in place."""
    import h5py

    found: list[str] = []

    def note(name: str, item: Any) -> None:
        if "object_id" in item.attrs:
            found.append(item.attrs["object_id"])

    with h5py.File(path, "r") as file:
        note("/", file)
        file.visititems(note)
    with path.open("r+b") as raw, mmap.mmap(raw.fileno(), 0) as data:
        for number, old in enumerate(found):
            at = data.find(old.encode())
            data[at : at + len(old)] = str(uuid.uuid5(identifier, str(number))).encode()
