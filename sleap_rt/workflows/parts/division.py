"""Which frames a run predicts, and in what batches, so that all its parts have the same ones."""

from collections.abc import Sequence

from sleap_rt.errors import OptionError
from sleap_rt.options import FrameRange, RunOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.ranges import KeyFrames, cuts_of


def divided(
    run: RunOptions,
    refs: Sequence[FrameRef],
    key_frames: KeyFrames,
    wanted: FrameRange | None,
    *,
    block_size: int,
    is_shared: bool,
) -> tuple[range, RunOptions]:
    """Positions of the frames to predict; and a settled batch where cuts must fall on it.

    Args:
        run: as asked for.
        refs: of all frames.
        key_frames: of each video.
        wanted: the part to predict; None: everything.
        block_size: frames that belong together, `DecodeOptions.detect_every`.
        is_shared: workers predict ranges of the frames.

    Raises:
        OptionError: the frames do not fall into such blocks.
    """
    everything = range(len(refs))
    if block_size > 1:
        _check_blocks(refs, block_size)
    elif wanted is None and not is_shared:
        return everything, run
    run = run.in_blocks_of(block_size)
    if wanted is None:
        return everything, run
    cuts = cuts_of(refs, key_frames, run.frames_per_batch)
    return cuts.range_of(wanted.part, wanted.n_parts), run


def _check_blocks(refs: Sequence[FrameRef], size: int) -> None:
    """Refuse frames whose blocks would depend on the batch."""
    first, last = refs[0], refs[-1]
    is_one_video = first.video_index == last.video_index
    is_whole = last.frame_index - first.frame_index + 1 == len(refs)
    if not (is_one_video and is_whole and first.frame_index % size == 0):
        raise OptionError(
            f"detect_every {size}: works on frames of one video that follow one another, from a "
            f"multiple of {size} on; these are others. Choose them by frames or video_index, or "
            "leave detect_every out"
        )
