"""What people who know other programs call an option, and what it is called here."""

from collections.abc import Mapping

_INPUT = ("data_path", "predicted_path", "data", "predicted_instances", "parts")
_OUTPUT = ("output_path", "output", "folder", "report", "save_metrics")
_MODELS = ("model_paths", "models")
_TRUTH = ("ground_truth_path", "data_path", "ground_truth_instances")
_SIDE_BY_SIDE = ("cluster local:2", "threads")
USUAL: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("input", "inputs", "video", "videos", "source", "file", "files"), _INPUT),
    **dict.fromkeys(("predictions", "prediction", "predicted", "pred"), _INPUT[::-1]),
    **dict.fromkeys(("model", "models", "weights", "checkpoint", "ckpt"), _MODELS),
    **dict.fromkeys(("o", "out", "output", "output_file", "output_dir", "outdir"), _OUTPUT),
    **dict.fromkeys(("video_path", "data_path"), _INPUT),
    "i": (*_INPUT, *_MODELS),
    "model_paths": _MODELS,
    "output_path": _OUTPUT,
    **dict.fromkeys(("l", "labels", "gt", "ground_truth", "truth"), _TRUTH),
    **dict.fromkeys(("gpu", "cpu", "cuda"), ("device",)),
    **dict.fromkeys(("animals", "n_animals", "num_animals", "n_instances"), ("max_instances",)),
    **dict.fromkeys(("threshold", "confidence", "conf"), ("peak_threshold",)),
    **dict.fromkeys(("force", "replace", "clobber"), ("overwrite",)),
    **dict.fromkeys(("workers", "num_workers", "n_workers", "jobs", "n_jobs"), _SIDE_BY_SIDE),
    **dict.fromkeys(("num_threads", "n_threads", "cores", "n_cores", "cpus"), ("threads",)),
    **dict.fromkeys(("window", "window_size", "track_window"), ("tracking_window_size",)),
    "silent": ("quiet",),
    "debug": ("verbose",),
    "format": ("output_format",),
    "start": ("frames",),
    "end": ("frames",),
}
