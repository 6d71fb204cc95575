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
from sleap_rt.runtime.pipeline.batches import Batch, predict_batches
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

    Raises:
        DataError, RunError: as `predict_batches`; RunError also if tracking fails.
    """
    everything = range(len(refs))
    batches = filtered_batches(
        predictor, source, refs, everything, run=run, filters=filters, labels=labels
    )
    yield from followed(batches, source, following)


def filtered_batches(
    predictor: Predictor,
    source: Source,
    refs: Sequence[FrameRef],
    positions: range,
    *,
    run: RunOptions,
    filters: FilterOptions,
    labels: InputLabels | None = None,
) -> Generator[Batch, None, None]:
    """Batches ahead of tracking, in the types that a journal stores.

    Args:
        predictor: finds the instances; a thread uses it until the iterator ends.
        source: gives the frames; a thread uses it until the iterator ends.
        refs: all frames of the run.
        positions: of those to predict; they begin where a batch does.
        run: batch size, queue, patience.
        filters: which instances to drop.
        labels: of the input; a predictor may need its labelled animals.

    Raises:
        DataError, RunError: as `predict_batches`.
    """
    predictor = at_common_size(predictor, source, refs)
    # Closing the batches ends the threads before the caller closes the source.
    with closing(predict_batches(predictor, source, refs, run, labels, positions)) as batches:
        for batch in batches:
            kept = [_as_float32(filter_frame(result, filters)) for result in batch.results]
            yield replace(batch, results=kept)


def followed(
    batches: Generator[Batch, None, None],
    source: Source,
    following: Following,
    journal: Journal | None = None,
) -> Generator[FrameInstances, None, None]:
    """The results of a journal and then those of batches, with tracks.

    Args:
        batches: of the frames that are not in the journal, in order; closed in the end.
        source: gives frames that come without their image to a tracker that needs it.
        following: gives the instances their tracks.
        journal: gets every whole batch.

    Raises:
        RunError: tracking or the journal failed in a way that no other error foresees.
        Other errors: those of the batches.
    """
    with closing(batches):
        for results in journal.batches() if journal is not None else ():
            yield from _with_tracks(results, [None] * len(results), source, following)
        for batch in batches:
            if journal is not None and batch.is_whole:
                with doing(f"Writing {journal.path}"):
                    journal.append(batch.results)
            yield from _with_tracks(batch.results, batch.frames, source, following)


def _with_tracks(
    results: Sequence[FrameInstances],
    frames: Sequence[Image | None],
    source: Source,
    following: Following,
) -> Generator[FrameInstances, None, None]:
    for result, image in zip(results, frames, strict=True):
        is_missing = image is None and result.image is not ImageState.UNREADABLE
        if is_missing and following.needs_images:
            image = source.read(FrameRef(result.video_index, result.frame_index))
        with doing(f"Tracking frame {result.frame_index}"):
            followed_result = following.follow(result, image)
        yield followed_result


def _as_float32(frame: FrameInstances) -> FrameInstances:
    """The types that a journal stores, so that a resumed run equals an uninterrupted one."""
    return replace(
        frame,
        points=np.asarray(frame.points, np.float32),
        point_scores=np.asarray(frame.point_scores, np.float32),
        scores=np.asarray(frame.scores, np.float32),
        tracking_scores=np.asarray(frame.tracking_scores, np.float32),
    )
