"""What a worker does: it opens its engine once, keeps it, and predicts ranges of frames."""

import socket
import threading
import time
from collections import OrderedDict
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from sleap_rt.errors import (
    DataError,
    EngineError,
    FrameError,
    ModelError,
    OptionError,
    SleapRtError,
)
from sleap_rt.runtime.engines import choose_engine
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.outputs.origin.input_files import hashed
from sleap_rt.runtime.pipeline.records import packed
from sleap_rt.runtime.pipeline.stream import filtered_batches
from sleap_rt.runtime.predictors import Predictor
from sleap_rt.version import __version__
from sleap_rt.workflows.cluster.job import Answer, Job, Maker, RangeFailedError, Unfit
from sleap_rt.workflows.planning.plan import planned_selection
from sleap_rt.workflows.tuning import open_checked

if TYPE_CHECKING:
    from sleap_rt.runtime.frames.selection import Selection

_MOST_INPUTS = 2  # that are kept open
_Models = tuple[Predictor, str, list[str]]  # open, the name of the engine, what it warned of
_Input = tuple[OpenInput, "Selection"]

_one_at_a_time = threading.Lock()  # a worker may have more threads than this program's engine
_models: dict[object, _Models] = {}  # those of the last job
_inputs: "OrderedDict[object, _Input]" = OrderedDict()


def predict_range(job: Job, start: int, stop: int) -> Answer | Unfit:
    """Predict the frames at some positions of a job's selection.

    Raises:
        RangeFailedError: the input or the engine failed.
    """
    from distributed import get_worker

    worker, host = get_worker(), socket.gethostname()
    with _one_at_a_time:
        try:
            predictor, engine, warnings = _opened_models(job)
        except (EngineError, ModelError, OptionError) as error:
            return Unfit(worker.address, host, str(error))
        started, batches, failure = time.perf_counter(), [], None
        try:
            opened, selection = _opened_input(job, predictor.models)
            found = filtered_batches(
                predictor,
                opened.source,
                selection.refs,
                range(start, stop),
                run=job.run,
                filters=job.filters,
                labels=opened.labels,
            )
            with closing(found):
                for batch in found:
                    batches.append((packed(batch.results), batch.is_whole))
        except FrameError as error:
            failure = str(error)
        except SleapRtError as error:
            _forget(models=not isinstance(error, DataError))
            raise RangeFailedError(type(error)(str(error)), host) from None
    maker = Maker(
        address=worker.address,
        host=host,
        engine=engine,
        device=predictor.device,
        n_threads=worker.state.nthreads,
    )
    return Answer(batches, time.perf_counter() - started, maker, warnings, failure)


def _opened_models(job: Job) -> _Models:
    """The models, opened by the first range of a run and kept for all others."""
    if job.version != __version__:
        raise OptionError(f"It has sleap-rt {__version__}, and the run {job.version}")
    key = (job.graphs, job.models, job.decode, job.engine, job.threads, job.match_known)
    if key not in _models:
        for predictor, _, _ in _models.values():
            predictor.close()
        _models.clear()
        graphs = GraphSet.read(job.graphs)
        if models_fingerprint(graphs) != job.models:
            raise ModelError(f"{job.graphs[0]} is another model there")
        engine = choose_engine(job.engine, graphs.precisions).options
        if engine.device == "cpu" and engine.threads is None and job.threads is not None:
            engine = replace(engine, threads=job.threads)
        warnings: list[str] = []
        predictor = open_checked(
            graphs,
            job.decode,
            engine,
            match_known=job.match_known,
            n_at_once=job.run.most_at_once,
            warn=warnings.append,
        )
        _models[key] = (predictor, engine.engine, warnings)
    return _models[key]


def _opened_input(job: Job, graphs: GraphSet) -> _Input:
    """The input, opened by the first range of it that comes here."""
    key = (job.data, job.selection, job.frames)
    if key not in _inputs:
        while len(_inputs) >= _MOST_INPUTS:
            _inputs.popitem(last=False)[1][0].close()
        data = job.data if not isinstance(job.data, tuple) else list(job.data)
        opened = open_input(data, job.selection)
        selection = planned_selection(graphs, opened, match_known=job.match_known)
        if selection.fingerprint != job.frames or opened.source.decoder != job.decoder:
            opened.close()
            raise DataError(
                f"{job.data} has other frames on {socket.gethostname()}, or is decoded by "
                f"{opened.source.decoder} there and by {job.decoder} here."
            )
        _inputs[key] = (opened, selection)
    _inputs.move_to_end(key)
    return _inputs[key]


def _forget(*, models: bool) -> None:
    """Open anew what a fault may have left in any state."""
    while _inputs:
        _inputs.popitem()[1][0].close()
    if models:
        _models.clear()


def models_fingerprint(graphs: GraphSet) -> str:
    """The same text for the same graphs."""
    return hashed([contract.to_json() for contract in graphs.contracts])
