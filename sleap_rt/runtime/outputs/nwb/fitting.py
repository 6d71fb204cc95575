"""Labels as sleap-io can write them to NWB: videos with poses only, names without `/` and `:`."""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.runtime.outputs.blocks.track_names import distinct_names

if TYPE_CHECKING:
    import sleap_io as sio

_log = logging.getLogger(__name__)


@contextmanager
def fit_for_nwb(labels: "sio.Labels") -> "Iterator[tuple[sio.Labels, dict[str, Any]]]":
    """Labels to write instead, which share the instances, and what to say about their poses.

    Names are changed while the context lasts only, and the log says which. Frames are told by their
    numbers, one per unit of time, as sleap-io does where every frame has an animal.

    Args:
        labels: to write.

    Raises:
        DataError: there is no predicted instance.
    """
    import sleap_io as sio

    frames = [frame for frame in labels.labeled_frames if frame.predicted_instances]
    if not frames:
        raise DataError("nwb holds poses, and nothing was found; choose another --output_format.")
    used = {id(frame.video) for frame in frames}
    videos = {id(video): _of_one_name(video) for video in labels.videos if id(video) in used}
    fitted = sio.Labels(
        [sio.LabeledFrame(videos[id(f.video)], f.frame_idx, f.instances) for f in frames],
        videos=list(videos.values()),
        skeletons=labels.skeletons,
        tracks=labels.tracks,
    )
    fitted.provenance.update(labels.provenance)
    times = np.arange(max(frame.frame_idx for frame in frames) + 1, dtype=float)
    with ExitStack() as stack:
        names = distinct_names(labels.tracks)
        for track in labels.tracks:
            stack.enter_context(_named(track, names[id(track)]))
        for skeleton in labels.skeletons:
            stack.enter_context(_named(skeleton, skeleton.name or "skeleton"))
            for node in skeleton.nodes:
                stack.enter_context(_named(node, node.name))
        yield fitted, {"video_timestamps": times}


@contextmanager
def _named(item: Any, name: str) -> Iterator[None]:
    """Give an item a name that NWB allows, for a while."""
    before = item.name
    item.name = _allowed(name)
    if item.name != name:
        _log.warning("%s is called %s in the nwb file, which allows no / and :", name, item.name)
    try:
        yield
    finally:
        item.name = before


def _allowed(name: str) -> str:
    return re.sub("[/:]", "_", name)


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
