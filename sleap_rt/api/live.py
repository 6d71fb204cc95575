"""`run_live`: the command `live` as a Python function, with a processor that closes the loop."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sleap_rt.api.arguments import InferenceArguments, LiveArguments, in_our_words
from sleap_rt.api.option_objects import check_arguments, model_options, taken_with_warnings
from sleap_rt.api.python_report import PythonReport
from sleap_rt.api.signatures import names_arguments
from sleap_rt.arrays import AnyImage, Image
from sleap_rt.errors import OptionError, RunError, log_of
from sleap_rt.options import FilterOptions, LiveOptions, filled, overrides_at_run_time
from sleap_rt.options.given import refuse_unwritten
from sleap_rt.options.paths import given_path, given_paths
from sleap_rt.runtime.live import Figures, LiveResult
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.words import counted
from sleap_rt.workflows.live import LiveReport, LiveSummary, watch
from sleap_rt.workflows.tracking import tracker_options

if TYPE_CHECKING:
    from typing_extensions import Unpack  # `typing` has it from Python 3.11 on

_DEFAULTS = {"tracking": True} | {one.name: one.default for one in fields(LiveOptions)}
_OF_OUTPUT = ("no_empty_frames", "overwrite")
_OF_FILES = dict.fromkeys(
    InferenceArguments.__annotations__,
    "frames are predicted one by one as they come; run_inference has it",
)
_log = log_of(__name__)


class LiveProcessor(Protocol):
    """What closes the loop: any object with these two methods, as DeepLabCut-Live's processors.

    Both are called in the thread that called `run_live`. What they raise ends the run; what was
    recorded until then is kept.
    """

    def process(self, poses: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Act on the animals of a frame; the next frame is taken when this returns.

        Args:
            poses: (n, n_nodes, 2) float32, (x, y) frame px, NaN where a node is missing.
            *args: none; they stand here so that a processor may name those of **kwargs it needs.
            **kwargs: `tracks`, n names, None where there is no track; `scores` (n,) and
                `point_scores` (n, n_nodes); `frame_time`, s since 1970, when the frame arrived;
                `frame_index`; `latency_ms`, from then until this call; `n_dropped`, frames so far
                that nobody looked at; `is_answered`, False where the engine gave NaN or infinity,
                so that animals may be missing; `image`, (height, width, channels) uint8;
                `skeleton`; `addresses`, by kind (`view`, `zmq`) where others may look at results.
                Arrays are copies: what is done to them changes neither the record nor tracks.

        Returns:
            Anything; it is not used.
        """
        ...

    def save(self) -> Any:
        """Keep what was collected: called once at the end of a run, also of one that fails.

        Not of one that is refused, or finds no camera: nothing was watched, so nothing is to keep.
        """
        ...


@names_arguments(LiveArguments, LiveOptions, elsewhere=_OF_FILES, defaults=_DEFAULTS)
def run_live(
    data: str | int | Path | Iterable[AnyImage],
    model_paths: str | Path | Sequence[str | Path],
    *,
    processor: LiveProcessor | None = None,
    output_path: str | Path | None = None,
    **arguments: "Unpack[LiveArguments]",
) -> LiveSummary:
    """Predict and follow animals while frames arrive, the newest first, until the source ends.

    Ctrl-C ends the run in order. Figures go to the log, every `report_every` s.

    Args:
        data: name or number of a camera, address of a stream, path of a video that is played at its
            rate, or frames as they come: an iterable of (height, width[, channels]) uint8, which a
            thread asks for the next one. Each is copied when it comes: it may be one buffer that is
            filled again and again. A list comes all at once, so that most of it is dropped;
            `PosePredictor.stream` predicts every frame.
        model_paths: as the command's `-m`.
        processor: gets every result at once.
        output_path: a file to record to.
        **arguments: as listed below; `tracking` is on.

    Returns:
        Frames, latencies, what was written, and where results could be watched.

    Raises:
        OptionError: wrong use, found before anything runs.
        DataError: there is no such source, it gives something else than frames, or it is lost: an
            iterable raised an error, or gave nothing for `stall_timeout` s. What was recorded until
            then is saved.
        ModelError, EngineError: as `PosePredictor`.
        RunError: a library or the processor failed. What was recorded until then is saved.
    """
    checked = check_arguments(arguments, LiveArguments)
    if isinstance(data, np.ndarray) and data.ndim < 3:
        raise OptionError(
            "data must be frames as they come: an array (n, height, width) or (n, height, width, "
            f"channels) uint8, or another iterable of frames; got shape {data.shape}, and of one "
            "frame PosePredictor.predict_frame finds poses"
        )
    given = {"tracking": True, **in_our_words(checked)}
    _refuse_useless(given, output_path)
    if given.get("size") is not None:
        given["size"] = tuple(given["size"])
    models = model_options(given)
    taken = taken_with_warnings({"max_instances": models.decode.max_instances, **given}, given)
    options = replace(
        models,
        filters=filled(FilterOptions, taken),
        tracking=tracker_options(taken),
        output_path=given_path("output_path", output_path),
        output_format=given.get("output_format", "auto"),
        **{name: given[name] for name in _OF_OUTPUT if name in given},
    )
    paths = given_paths("model_paths", model_paths)
    _check_processor(processor)
    live, overrides = filled(LiveOptions, given), overrides_at_run_time(given)
    report = _LogReport(PythonReport.of(arguments), live)
    outlets = [] if processor is None else [_Processing(processor, report.addresses)]
    with _saving(processor, report):
        summary = watch(data, paths, options, live, overrides, outlets, report)
    if isinstance(data, Sequence | np.ndarray) and not isinstance(data, str):
        _tell_dropped(summary.figures)
    return summary


def _tell_dropped(figures: Figures) -> None:
    if figures.n_dropped:
        _log.warning(
            f"{figures.n_dropped} of {counted(figures.n_came, 'frame')} were dropped, as all came "
            "at once: a camera gives one after the other. PosePredictor.stream predicts them all."
        )


@contextmanager
def _saving(processor: LiveProcessor | None, report: "_LogReport") -> Iterator[None]:
    """Lets a processor save in the end; what ended the run comes ahead of what saving raises."""
    try:
        yield
    except BaseException:
        try:
            _save(processor, report)
        except RunError as error:
            _log.warning(str(error))
        raise
    _save(processor, report)


def _save(processor: LiveProcessor | None, report: "_LogReport") -> None:
    if processor is not None and report.is_watching:
        with doing("The processor's save"):
            processor.save()


def _refuse_useless(given: dict[str, Any], output_path: str | Path | None) -> None:
    if given.pop("match_known", False):
        raise OptionError("match_known: a camera has no labelled animals; leave it out")
    refuse_unwritten(output_path, given, ["no_empty_frames"])


def _check_processor(processor: Any) -> None:
    if isinstance(processor, type):
        raise OptionError(
            f"processor must be an object; got the class {processor.__name__}. Make one of it: "
            f"`{processor.__name__}(...)`"
        )
    missing = [name for name in ("process", "save") if not callable(getattr(processor, name, None))]
    if processor is not None and missing:
        raise OptionError(
            f"processor must be an object with the methods process and save; {processor!r} has no "
            f"{' and no '.join(missing)}"
        )


class _Processing:
    """A processor as an `Outlet`. It gets copies, which are its own: it may work in place.

    Args:
        processor: of the user.
        addresses: of what others may look at, by its kind; known when the first result comes.
    """

    def __init__(self, processor: LiveProcessor, addresses: Mapping[str, str]) -> None:
        self._processor, self._addresses = processor, addresses

    def take(self, result: LiveResult) -> None:
        found = result.found
        with doing(f"The processor's work on frame {found.frame_index}"):
            self._processor.process(
                found.points.copy(),
                tracks=[result.track_of(i) for i in range(len(found))],
                scores=found.scores.copy(),
                point_scores=found.point_scores.copy(),
                frame_time=result.time,
                frame_index=found.frame_index,
                latency_ms=result.latency_ms,
                n_dropped=result.n_dropped,
                is_answered=result.is_answered,
                image=result.image.copy(),
                skeleton=result.skeleton,
                addresses=dict(self._addresses),
            )

    def close(self) -> None:
        pass


class _LogReport(LiveReport):
    """Figures for the log; the steps of a first export as the other functions show them.

    Args:
        steps: shows them.
        live: what was asked for.

    Attributes:
        addresses: of what others may look at, by its kind, once the run watches.
        is_watching: whether it began to; else it was refused, or found no camera.
    """

    def __init__(self, steps: PythonReport, live: LiveOptions) -> None:
        self.step = steps.step  # type: ignore[method-assign]
        self._live = live
        self.addresses: dict[str, str] = {}
        self.is_watching = False

    def figures(self, recent: Figures) -> None:
        _log.info(recent.in_words())

    def watching(self, name: str, first: Image, device: str, addresses: dict[str, str]) -> None:
        self.is_watching = True
        self.addresses.update(addresses)
        for kind, address in addresses.items():
            is_known = address == self._live.zmq
            _log.log(logging.INFO if is_known else logging.WARNING, "%s: %s", kind, address)
