"""`PosePredictor` opens models once and uses them on files, labels, arrays or camera frames."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

from sleap_rt.api.arguments import (
    CENTROID_ONLY,
    FilterArguments,
    ModelArguments,
    RunArguments,
    TrackingArguments,
    in_our_words,
)
from sleap_rt.api.many_inputs import file_of_one
from sleap_rt.api.option_objects import OF_OUTPUT, check_arguments, model_options, with_run_options
from sleap_rt.api.python_report import PythonReport
from sleap_rt.api.signatures import names_arguments
from sleap_rt.arrays import AnyImage
from sleap_rt.errors import OptionError, log_of
from sleap_rt.instances import FrameInstances
from sleap_rt.options import overrides_at_run_time
from sleap_rt.options.given import refuse_given
from sleap_rt.options.paths import given_path, given_paths
from sleap_rt.options.running import NO_FILTERS
from sleap_rt.options.value_types import check_value, typed
from sleap_rt.runtime.engines import choose_engine
from sleap_rt.runtime.frames.arrays import with_channels
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.inspect.warm_up import warm_up
from sleap_rt.runtime.model_set import ModelSet
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.runtime.pipeline.stream import stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import Predictor, check_single_frames, check_use
from sleap_rt.skeleton import Skeleton
from sleap_rt.workflows.planning.doubts import doubts, unlike_training
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import (
    PredictionPlan,
    check_options,
    plan_prediction,
    refuse_without_effect,
)
from sleap_rt.workflows.predict import run_plan
from sleap_rt.workflows.resolve import resolve_models
from sleap_rt.workflows.tuning import fitted, open_checked

if TYPE_CHECKING:
    import sleap_io as sio
    from typing_extensions import Unpack  # `typing` has it from Python 3.11 on

_NOT_STREAMED = (
    *(name for name in OF_OUTPUT if name != "no_empty_frames"),
    "frame_range_of",
    "output_format",
    "gui",
)
_OF_MANY = ("skip_existing", "summary")
_CLOSED = "This predictor is closed; open another one"
_OF_MODELS = dict.fromkeys(
    ("model_paths", *CENTROID_ONLY, *ModelArguments.__annotations__),
    "it is settled when models are opened; give it to PosePredictor",
)
_OF_PREDICT = {**_OF_MODELS, "output_path": "results are handed out one by one; give it to predict"}
_OF_FRAME = {
    **dict.fromkeys(
        RunArguments.__annotations__, "it is of whole runs; give it to predict or stream"
    ),
    **dict.fromkeys(
        TrackingArguments.__annotations__,
        "a Tracker follows animals, frame by frame: "
        "tracker.track(predictor.predict_frame(image, frame_index))",
    ),
    **dict.fromkeys(FilterArguments.__annotations__, NO_FILTERS),
    **_OF_MODELS,
}
_OF_RUNS = CENTROID_ONLY | dict.fromkeys(
    RunArguments.__annotations__, "it can differ from call to call; give it to predict or stream"
)
_log = log_of(__name__)


class PosePredictor:
    """Finds poses with one model, or with the two of a top-down pair.

    Args:
        model_paths: export folder, `.onnx` files or trained model folders, as the command's `-m`.
        raw: names of raw network outputs to hand out with every frame (`FrameInstances.raw`), or a
            function that picks them for the models.
        **arguments: as listed at `PosePredictor.__init__`.

    Attributes:
        skeleton: of the instances.
        class_names: identities that track ids point into; empty where the model tells none.
        engine: what runs the models.
        device: where the engines truly run.

    Raises:
        ModelError: a model is missing or not supported.
        OptionError: an option has a value that cannot be honoured.
        EngineError: the engine or device is not available.
    """

    @names_arguments(ModelArguments, elsewhere=_OF_RUNS)
    def __init__(
        self,
        model_paths: str | Path | Sequence[str | Path],
        *,
        raw: Sequence[str] | Callable[[ModelSet], Sequence[str]] = (),
        **arguments: "Unpack[ModelArguments]",
    ) -> None:
        """Open models; all is said at the class."""
        given = in_our_words(check_arguments(arguments, ModelArguments))
        if not callable(raw):
            check_value("raw", raw, Sequence[str])
        self._options = model_options(given)
        self._match_known = bool(given.get("match_known", False))
        self._is_closed = self._has_frames = False
        check_options(self._options)
        paths = given_paths("model_paths", model_paths)
        resolved = resolve_models(paths, overrides_at_run_time(given))
        for note in resolved.notes:
            _log.info(note)
        decode, models = self._options.decode, resolved.models
        refuse_without_effect(self._options, models)
        names = raw(models) if callable(raw) else raw
        check_use(models, decode, names, match_known=self._match_known)
        graphs = resolved.exported(PythonReport.of(arguments).step, _log.warning)
        self._resolved = replace(resolved, models=graphs, graphs=graphs)
        self._predictor = open_checked(
            graphs,
            decode,
            self._options.engine,
            names,
            match_known=self._match_known,
            warn=_log.warning,
        )
        warm_up(self._predictor, self._options.engine)
        self.engine = choose_engine(self._options.engine, graphs.precisions).options.engine
        self.skeleton: Skeleton = self._predictor.skeleton
        self.class_names = self._predictor.class_names
        self.device = self._predictor.device

    @names_arguments(RunArguments, elsewhere=_OF_MODELS)
    def predict(
        self,
        data: Any,
        *,
        output_path: str | Path | None = None,
        **arguments: "Unpack[RunArguments]",
    ) -> "sio.Labels":
        """Poses as labels.

        Args:
            data: a path, a list of images (paths or arrays), a `sleap_io.Video` or
                `sleap_io.Labels`, or frames as an array, (n, height, width, channels) uint8 or one
                such frame.
            output_path: a file to write as well, of a kind by its name; where `data` is a path,
                also a folder that it goes into.
            **arguments: as listed below.

        Raises:
            DataError: the input is missing, cannot be read, or no frame is left.
            OptionError: an option has a value that cannot be honoured with this input.
        """
        given = self._checked(arguments)
        output = file_of_one(data, given_path("output_path", output_path), given)
        options = with_run_options(self._options, given, output)
        with open_input(data, options.selection) as opened:
            plan = plan_prediction(self._resolved, opened, options, self._match_known)
            return predicted(plan, opened, PythonReport.of(arguments), self._predictor)

    @names_arguments(RunArguments, elsewhere=_OF_PREDICT)
    def stream(
        self, data: Any, **arguments: "Unpack[RunArguments]"
    ) -> Generator[FrameInstances, None, None]:
        """Poses frame by frame, as they are found; arguments and errors as of `predict`.

        Memory does not grow with the number of frames.
        """
        given = self._checked(arguments)  # here, so that the call itself refuses
        refuse_given(_NOT_STREAMED, given, "no effect where results are handed out one by one")
        options = with_run_options(self._options, given, None)
        return self._stream(data, options, PythonReport.of(arguments))

    def _stream(
        self, data: Any, options: PredictionOptions, report: PythonReport
    ) -> Generator[FrameInstances, None, None]:
        with open_input(data, options.selection) as opened:
            plan = plan_prediction(self._resolved, opened, options, self._match_known)
            for warning in (*opened.notes, *doubts(plan, opened)):
                _log.warning(warning)
            plan = fitted(plan, self._predictor.models, opened)
            results = stream_results(
                self._predictor,
                opened.source,
                plan.selection.refs,
                run=plan.options.run,
                filters=options.filters,
                following=Following(options.tracking, self.class_names),
                labels=opened.labels,
            )
            with closing(results):
                for result in report.results(results, len(plan.selection.refs), 0):
                    self._check_open()
                    if len(result) or not options.no_empty_frames:
                        yield result

    @partial(typed, elsewhere=_OF_FRAME)
    def predict_frame(
        self, frame: AnyImage, frame_index: SupportsIndex = 0, video_index: SupportsIndex = 0
    ) -> FrameInstances:
        """Poses in one frame, at once, for closed loops: no thread, no queue, no file.

        The log tells if the first frame is unlike those of the training, in its size or colours.

        Args:
            frame: (height, width) or (height, width, channels) uint8, gray or RGB.
            frame_index: becomes that of the result.
            video_index: the same; of several cameras, which a `Tracker` tells apart by it.

        Raises:
            DataError: the frame is no such array.
            OptionError: the predictor is closed, or an index is no whole number.
        """
        self._check_open()
        number, video = index(frame_index), index(video_index)
        for name, value in (("frame_index", number), ("video_index", video)):
            if value < 0:
                raise OptionError(f"{name} must be 0 or more; got {value}")
        check_single_frames(self._options.decode, "predict_frame")
        image = with_channels(frame)
        if not self._has_frames:
            self._has_frames = True
            for doubt in unlike_training(image.shape, self._resolved.models):
                _log.warning(doubt)
        (result,) = self._predictor.predict(image[None], [number])
        return replace(result, video_index=video) if video else result

    def close(self) -> None:
        """Free the models; the predictor cannot be used afterwards. A second call does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._predictor.close()

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else f"with {self.engine} on {self.device}"
        return f"<PosePredictor {self._resolved.models.in_words} {state}>"

    def __reduce__(self) -> NoReturn:
        """A copy, or another process, cannot have the engines that this one holds."""
        raise TypeError(
            "A PosePredictor cannot be copied or sent to another process; open one there. Threads "
            "may share it."
        )

    def __enter__(self) -> "PosePredictor":
        self._check_open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise OptionError(_CLOSED)

    def _checked(self, arguments: RunArguments) -> dict[str, Any]:
        """The arguments of a call, in our words."""
        self._check_open()
        given = check_arguments(arguments, RunArguments)
        refuse_given(_OF_MANY, given, "only run_inference takes many inputs")
        refuse_given(("cluster",), given, "the models are open here; give it to run_inference")
        return in_our_words(given)


def predicted(
    plan: PredictionPlan,
    opened: OpenInput,
    report: PythonReport,
    predictor: Predictor | None = None,
) -> "sio.Labels":
    """Carry out a plan and tell on the log what a user should know.

    Args:
        plan: of the prediction.
        opened: its input.
        report: told what happens.
        predictor: of the plan's models, open; None opens one.
    """
    for note in opened.notes:
        _log.warning(note)
    return told(run_plan(plan, opened, report, predictor))


def told(summary: PredictionSummary) -> "sio.Labels":
    """The labels of a run; what a user should know goes to the log."""
    for warning in summary.warnings:
        _log.warning(warning)
    assert summary.labels is not None  # they were to be kept
    return summary.labels
