"""Results of a run, frame by frame and in order: predicted, filtered, tracked."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.instances import FrameInstances, ImageState
from sleap_rt.options import FilterOptions, RunOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.input_labels import InputLabels
from sleap_rt.runtime.frames.source import Source
from sleap_rt.runtime.pipeline.batches import predict_batches
from sleap_rt.runtime.pipeline.filters import filter_frame
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.runtime.pipeline.size_matching import at_common_size
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Predictor


def stream_results(
    predictor: Predictor,
    source: Source,
    refs: Sequence[FrameRef],
    *,
    run: RunOptions,
    filters: FilterOptions,
    following: Following,
    labels: InputLabels | None = None,
    journal: Journal | None = None,
) -> Generator[FrameInstances, None, None]:
    """Results of frames, in the order given.

    Args:
        predictor: finds the instances; a thread uses it until the iterator ends.
        source: gives the frames; a thread uses it until the iterator ends.
        refs: which frames.
        run: batch size, queue, patience.
        filters: which instances to drop before tracking.
        following: gives the rest their tracks.
        labels: of the input; a predictor may need its labelled animals.
        journal: gets every whole batch; frames that it already holds are not predicted again.

    Raises:
        DataError, RunError: as `predict_batches`; RunError also if tracking or the journal fails.
    """
    n_done = 0
    for results in journal.batches() if journal is not None else ():
        n_done += len(results)
        for result in results:
            image = None
            if following.needs_images and result.image is not ImageState.UNREADABLE:
                image = source.read(FrameRef(result.video_index, result.frame_index))
            yield _with_tracks(result, image, following)
    predictor = at_common_size(predictor, source, refs)
    # Closing the batches ends the threads before the caller closes the source.
    with closing(predict_batches(predictor, source, refs[n_done:], run, labels)) as batches:
        for batch in batches:
            kept = [_as_float32(filter_frame(result, filters)) for result in batch.results]
            if journal is not None and batch.is_whole:
                with doing(f"writing {journal.path}"):
                    journal.append(kept)
            for result, frame in zip(kept, batch.frames, strict=True):
                yield _with_tracks(result, frame, following)


def _with_tracks(
    result: FrameInstances, frame: Image | None, following: Following
) -> FrameInstances:
    with doing(f"tracking frame {result.frame_index}"):
        return following.follow(result, frame)


def _as_float32(frame: FrameInstances) -> FrameInstances:
    """The types that a journal stores, so that a resumed run equals an uninterrupted one."""
    return replace(
        frame,
        points=np.asarray(frame.points, np.float32),
        point_scores=np.asarray(frame.point_scores, np.float32),
        scores=np.asarray(frame.scores, np.float32),
        tracking_scores=np.asarray(frame.tracking_scores, np.float32),
    )
