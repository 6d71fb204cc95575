"""Models opened once and used many times: on files, on labels, on arrays, on a camera's frames."""

import logging
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from sleap_rt.arrays import Image
from sleap_rt.contract import GraphContract
from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
    filled,
    overrides_at_run_time,
)
from sleap_rt.runtime.frames.open_source import open_source
from sleap_rt.runtime.pipeline.filters import filter_frame
from sleap_rt.runtime.pipeline.job import PredictionJob, run_prediction
from sleap_rt.runtime.pipeline.progress import json_lines
from sleap_rt.runtime.pipeline.stream import restrict_to_labeled, stream_results
from sleap_rt.runtime.pipeline.track_assignment import Following
from sleap_rt.runtime.predictors import check_use, effective_options, open_predictor
from sleap_rt.skeleton import Skeleton
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.arguments import (
    ModelArguments,
    RunArguments,
    in_our_words,
    refuse_unknown,
)
from sleap_rt.workflows.resolve import graphs_of

if TYPE_CHECKING:
    import sleap_io as sio

_OF_OUTPUT = ("centroid_output", "no_empty_frames", "output_format", "resume")
_log = logging.getLogger(__name__)


class PosePredictor:
    """Finds poses with one model, or with the two of a top-down pair.

    Args:
        model_paths: export folder, `.onnx` files or trained model folders, as the command's `-m`.
        raw: raw network outputs to hand out with every frame (`FrameInstances.raw`).
        **arguments: see `ModelArguments`.

    Attributes:
        skeleton: of the instances.
        class_names: identities that track ids point into; empty where the model tells none.
        device: where the engines truly run.

    Raises:
        ModelError: a model is missing or not supported.
        OptionError: an option has a value that cannot be honoured.
        EngineError: the engine or device is not available.
    """

    def __init__(
        self,
        model_paths: str | Path | Sequence[str | Path],
        *,
        raw: Sequence[str] = (),
        **arguments: Unpack[ModelArguments],
    ) -> None:
        refuse_unknown(arguments, ModelArguments.__annotations__)
        given = in_our_words(arguments)
        decode, engine = filled(DecodeOptions, given), filled(EngineOptions, given)
        match_known = bool(given.get("match_known", False))
        paths = [model_paths] if isinstance(model_paths, str | Path) else model_paths

        def check(contracts: Sequence[GraphContract]) -> None:
            _refuse_without_effect(decode, contracts)
            check_use(contracts, decode, raw, match_known=match_known)

        graphs = graphs_of(
            [Path(path) for path in paths], overrides_at_run_time(given), check=check
        )
        self._job = PredictionJob(
            models=graphs, decode=decode, engine=engine, match_known=match_known
        )
        self._predictor = open_predictor(graphs, decode, engine, raw, match_known=match_known)
        self.skeleton: Skeleton = self._predictor.skeleton
        self.class_names = self._predictor.class_names
        self.device = self._predictor.device

    def predict(
        self,
        data: Any,
        *,
        output_path: str | Path | None = None,
        **arguments: Unpack[RunArguments],
    ) -> "sio.Labels":
        """Poses as labels.

        Args:
            data: a path, a list of image paths, a `sleap_io.Video` or `sleap_io.Labels`, or frames
                as an array, (n, height, width, channels) uint8 or one such frame.
            output_path: a `.slp` file to write as well.
            **arguments: see `RunArguments`.

        Raises:
            DataError: the input is missing, cannot be read, or no frame is left.
            OptionError: an option has a value that cannot be honoured with this input.
        """
        job = self._job_with(arguments)
        if output_path is not None:
            job = replace(job, output_path=Path(output_path))
        progress = json_lines if arguments.get("gui") else None
        with open_source(data, job.selection) as source:
            summary = run_prediction(source, job, progress, self._predictor)
        if summary.n_skipped:
            _log.warning("%d frames asked for do not exist", summary.n_skipped)
        return summary.labels

    def stream(
        self, data: Any, **arguments: Unpack[RunArguments]
    ) -> Generator[FrameInstances, None, None]:
        """Poses frame by frame, as they are found; arguments and errors as of `predict`.

        Memory does not grow with the number of frames.
        """
        job = self._job_with(arguments)  # here, so that a wrong option is told by the call itself
        return self._stream(data, job)

    def _stream(self, data: Any, job: PredictionJob) -> Generator[FrameInstances, None, None]:
        with open_source(data, job.selection) as source:
            if self._predictor.needs_instances:
                restrict_to_labeled(source)
            results = stream_results(
                self._predictor,
                source,
                run=job.run,
                filters=job.filters,
                following=Following(job.tracking, self.class_names),
            )
            with closing(results):
                for result in results:
                    if len(result) or not job.no_empty_frames:
                        yield result

    def predict_frame(self, frame: Image, frame_index: int = 0) -> FrameInstances:
        """Poses in one frame, at once: for closed loops. No thread, no queue, no file.

        Args:
            frame: (height, width) or (height, width, channels) uint8, gray or RGB.
            frame_index: given back with the result.
        """
        if frame.ndim == 2:
            frame = frame[..., None]
        (result,) = self._predictor.predict(frame[None], [frame_index])
        return filter_frame(result, self._job.filters)

    def close(self) -> None:
        self._predictor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _job_with(self, arguments: RunArguments) -> PredictionJob:
        refuse_unknown(arguments, RunArguments.__annotations__)
        given = in_our_words(arguments)
        return replace(
            self._job,
            selection=filled(SelectionOptions, given),
            filters=filled(FilterOptions, given),
            run=filled(RunOptions, given),
            tracking=tracking_of(given),
            **{name: given[name] for name in _OF_OUTPUT if name in given},
        )


def _refuse_without_effect(decode: DecodeOptions, contracts: Sequence[GraphContract]) -> None:
    defaults = DecodeOptions()
    given = {f.name for f in fields(decode) if getattr(decode, f.name) != getattr(defaults, f.name)}
    useless = ", ".join(sorted(given - effective_options(contracts)))
    if useless:
        names = " + ".join(contract.kind for contract in contracts)
        raise OptionError(f"{useless}: no effect with {names}; leave it out")


def tracking_of(given: dict[str, Any]) -> TrackerOptions | None:
    """The tracker's options among arguments, None without `tracking`.

    Raises:
        OptionError: there are some, but `tracking` is off.
    """
    options = filled(TrackerOptions, given)
    if given.get("tracking"):
        return options
    names = [name for name in given if name in TrackerOptions.__dataclass_fields__]
    if names:
        raise OptionError(f"{', '.join(names)}: no effect without tracking=True")
    return None
