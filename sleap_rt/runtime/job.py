"""One prediction job: a video and exported graphs in, a `.slp` file out."""

import platform
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sleap_rt.errors import DataError, OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import DecodeOptions, EngineOptions, RunOptions
from sleap_rt.runtime.io.labels import labels_from_instances, save_labels
from sleap_rt.runtime.io.video import VideoFile
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.runtime.run import predict_frames
from sleap_rt.version import __version__

Progress = Callable[[Iterable[FrameInstances], int], Iterable[FrameInstances]]


@dataclass(frozen=True, kw_only=True)
class VideoJob:
    """What to predict, with what, and where to.

    Attributes:
        data_path: a video file.
        models: exported graphs.
        output_path: the `.slp` file to write.
        frames: indices of the frames to process; None takes all.
        decode: thresholds and grouping.
        engine: what runs the graphs.
        run: batch size and queue.
    """

    data_path: Path
    models: Sequence[Path]
    output_path: Path
    frames: Sequence[int] | None
    decode: DecodeOptions
    engine: EngineOptions
    run: RunOptions


@dataclass(frozen=True, kw_only=True)
class JobSummary:
    """What a job did.

    Attributes:
        n_frames: processed.
        n_instances: found.
        n_skipped: frames that were asked for, but do not exist in the video.
        seconds: from the first frame read to the last result.
        device: where the engines truly ran.
    """

    n_frames: int
    n_instances: int
    n_skipped: int
    seconds: float
    device: str


def run_video_job(job: VideoJob, progress: Progress | None = None) -> JobSummary:
    """Predict a video and write the result.

    Args:
        job: everything about it.
        progress: wraps the stream of results (given with its length) to show progress.

    Raises:
        DataError: the video cannot be read. What was predicted before a damaged frame is saved.
        ModelError, OptionError, EngineError: as `open_predictor`.
    """
    check_output(job.output_path, job.data_path)
    with VideoFile(job.data_path) as video:
        indices, n_skipped = _existing(job.frames, video)
        predictor = open_predictor(job.models, job.decode, job.engine)
        started_at, started = datetime.now(UTC), time.perf_counter()
        results: list[FrameInstances] = []
        failure: DataError | None = None
        # Closing the stream ends its reading thread before the video is closed, whatever happens.
        with closing(predict_frames(predictor, video, indices, job.run)) as stream:
            try:
                for result in progress(stream, len(indices)) if progress else stream:
                    results.append(result)
            except DataError as error:
                failure = error
        seconds = time.perf_counter() - started
        provenance = _provenance(job, predictor, started_at, seconds, len(results), video.n_frames)
    predictor.close()
    _save(job, results, predictor, provenance)
    if failure is not None:
        raise DataError(
            f"{failure} The {len(results)} frames before it are saved in {job.output_path}; "
            f"{len(indices) - len(results)} frames are missing."
        ) from failure
    return JobSummary(
        n_frames=len(results),
        n_instances=sum(len(result) for result in results),
        n_skipped=n_skipped,
        seconds=seconds,
        device=predictor.device,
    )


def check_output(path: Path, source: Path) -> None:
    """Make sure that the result can be written, before hours of work.

    Raises:
        OptionError: the name does not end in `.slp`.
        DataError: the folder cannot be made or written to, or the file is the source itself.
    """
    if path.suffix != ".slp":
        raise OptionError(f"output_path {path}: must end in .slp")
    if path.exists() and source.exists() and path.samefile(source):
        raise DataError(f"{path} is the input itself and is never overwritten; choose another -o.")
    if path.is_dir():
        raise DataError(f"{path} is a folder; -o takes the name of a `.slp` file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = path.parent / f".{path.name}.probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DataError(f"cannot write into {path.parent}: {error.strerror}.") from error


def _existing(frames: Sequence[int] | None, video: VideoFile) -> tuple[Sequence[int], int]:
    if frames is None:
        return range(video.n_frames), 0
    found = [index for index in frames if index < video.n_frames]
    if not found:
        raise DataError(
            f"{video.path}: none of the frames asked for exists; the video has frames 0 to "
            f"{video.n_frames - 1}."
        )
    return found, len(frames) - len(found)


def _save(
    job: VideoJob,
    results: Sequence[FrameInstances],
    predictor: Predictor,
    provenance: dict[str, Any],
) -> None:
    import sleap_io as sio  # takes a second to import

    video = sio.Video.from_filename(str(job.data_path))
    labels = labels_from_instances(results, predictor.skeleton, [video], provenance)
    save_labels(labels, job.output_path)


def _provenance(
    job: VideoJob,
    predictor: Predictor,
    started_at: datetime,
    seconds: float,
    n_processed: int,
    n_total: int,
) -> dict[str, Any]:
    import cv2

    return {
        "inference_start_timestamp": started_at.isoformat(),
        "inference_end_timestamp": datetime.now(UTC).isoformat(),
        "inference_runtime_seconds": round(seconds, 3),
        "sleap_rt_version": __version__,
        "model_paths": [file.path.resolve().as_posix() for file in predictor.files],
        "model_type": " + ".join(file.contract.kind for file in predictor.files),
        "model_weights_sha256": [
            file.contract.provenance.weights_sha256 for file in predictor.files
        ],
        "source_file": job.data_path.resolve().as_posix(),
        "frame_selection": {
            "method": "all" if job.frames is None else "specified",
            "frames_processed": n_processed,
            "frames_total": n_total,
        },
        "inference_config": {**asdict(job.decode), **asdict(job.run)},
        "device": predictor.device,
        "video_decoder": f"OpenCV {cv2.__version__}",
        "system_info": {
            "python_version": platform.python_version(),
            "platform": platform.platform(),
        },
    }
