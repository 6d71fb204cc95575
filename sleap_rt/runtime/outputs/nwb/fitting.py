"""Labels as sleap-io can write them to NWB: videos with poses only, names without `/` and `:`."""

import re
from collections.abc import Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.errors import DataError, log_of
from sleap_rt.runtime.outputs.blocks.track_names import distinct_names

if TYPE_CHECKING:
    import sleap_io as sio

_log = log_of(__name__)

_RULE = "no / and : are allowed there, and no two of one name"


def _predicted(frame: "sio.LabeledFrame") -> "list[sio.PredictedInstance]":
    """Instances of a frame as sleap-io writes them: not those of a person, nor without scores."""
    import sleap_io as sio

    def made(one: "sio.Instance") -> "sio.PredictedInstance":
        points = one.numpy()
        return sio.PredictedInstance.from_numpy(
            points, one.skeleton, np.ones(len(points)), score=1.0, track=one.track
        )

    return [one if isinstance(one, sio.PredictedInstance) else made(one) for one in frame.instances]


@contextmanager
def fit_for_nwb(labels: "sio.Labels") -> "Iterator[tuple[sio.Labels, dict[str, Any]]]":
    """Labels to write instead, which share the instances, and what to say about their poses.

    Names are changed while the context lasts only, and the log says which. Frames are told by their
    numbers, one per unit of time, as sleap-io does where every frame has an animal.

    Args:
        labels: to write. A person's instances are written as sure predictions.

    Raises:
        DataError: there is no instance.
    """
    import sleap_io as sio

    frames = [frame for frame in labels.labeled_frames if frame.instances]
    if not frames:
        raise DataError("NWB holds poses, and nothing was found; choose another --output_format.")
    used = {id(frame.video) for frame in frames}
    videos = {id(video): _of_one_name(video) for video in labels.videos if id(video) in used}
    fitted = sio.Labels(
        [sio.LabeledFrame(videos[id(f.video)], f.frame_idx, _predicted(f)) for f in frames],
        videos=list(videos.values()),
        skeletons=labels.skeletons,
        tracks=labels.tracks,
    )
    fitted.provenance.update(labels.provenance)
    times = np.arange(max(frame.frame_idx for frame in frames) + 1, dtype=float)
    with ExitStack() as stack:
        names = distinct_names(labels.tracks)
        tracks = [names[id(track)] for track in labels.tracks]
        _rename(stack, "track", labels.tracks, tracks)
        skeletons = labels.skeletons
        for skeleton in skeletons:
            _rename(stack, "node", skeleton.nodes, skeleton.node_names)
        nodes = {name for skeleton in skeletons for name in skeleton.node_names}
        _rename(stack, "skeleton", skeletons, [one.name for one in skeletons], nodes)
        yield fitted, {"video_timestamps": times}


def _rename(
    stack: ExitStack,
    kind: str,
    items: Sequence[Any],
    names: Sequence[str | None],
    beside: Set[str] = frozenset(),
) -> None:
    """Give items names that NWB allows, each one its own, until the stack is closed.

    Args:
        stack: takes the old names back.
        kind: of the items, in words; those without a name get it.
        items: with a `name`.
        names: that they should have.
        beside: names that stand in the same place of the file.
    """
    taken = {name for name in names if name and _is_free(name, beside)} | beside
    for item, name in zip(items, names, strict=True):
        new = plain = _allowed(name or kind)
        number = 1
        while (new != name or new in beside) and new in taken:
            number += 1
            new = f"{plain}_{number}"
        taken.add(new)
        if new != name:
            which = f"{kind} {name}" if name else f"a {kind} without a name"
            _log.warning("%s is called %s in the nwb file: %s", which, new, _RULE)
        stack.callback(setattr, item, "name", item.name)
        item.name = new


def _is_free(name: str, beside: Set[str]) -> bool:
    return _allowed(name) == name and name not in beside


def _allowed(name: str) -> str:
    return re.sub("[/:]", "_", name) if name.strip(".") else "_" * len(name)


def _of_one_name(video: "sio.Video") -> "sio.Video":
    """Images by their folder; names of videos become names in the file."""
    import sleap_io as sio

    name = video.filename
    path = Path(name[0]).parent if isinstance(name, list) else Path(name)
    new = path.with_name(_allowed(path.name)).as_posix()
    if new == name:
        return video
    metadata = {**video.backend_metadata, "shape": video.shape}
    return sio.Video(new, open_backend=False, backend_metadata=metadata)
