"""What people who know other programs call an option, and what it is called here."""

from collections.abc import Iterable, Mapping, Sequence

_INPUT = ("data_path", "predicted_path")
_OUTPUT = ("output_path", "output", "report", "save_metrics")
_TRUTH = ("ground_truth_path", "data_path")
_SIDE_BY_SIDE = ("cluster local:2", "threads")
_USUAL: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("input", "inputs", "video", "videos", "source", "file", "files"), _INPUT),
    **dict.fromkeys(("predictions", "prediction", "predicted", "pred"), _INPUT[::-1]),
    **dict.fromkeys(("model", "models", "weights", "checkpoint", "ckpt"), ("model_paths",)),
    **dict.fromkeys(("o", "out", "output", "output_file", "output_dir", "outdir"), _OUTPUT),
    **dict.fromkeys(("l", "labels", "gt", "ground_truth", "truth"), _TRUTH),
    **dict.fromkeys(("gpu", "cpu", "cuda"), ("device",)),
    **dict.fromkeys(("animals", "n_animals", "num_animals", "n_instances"), ("max_instances",)),
    **dict.fromkeys(("threshold", "confidence", "conf"), ("peak_threshold",)),
    **dict.fromkeys(("force", "replace", "clobber"), ("overwrite",)),
    **dict.fromkeys(("workers", "num_workers", "n_workers", "jobs", "n_jobs"), _SIDE_BY_SIDE),
    **dict.fromkeys(("num_threads", "n_threads", "cores", "n_cores", "cpus"), ("threads",)),
    "silent": ("quiet",),
    "debug": ("verbose",),
    "format": ("output_format",),
    "start": ("frames",),
    "end": ("frames",),
}


def usual_word(word: str, names_here: Iterable[Sequence[str]]) -> str | None:
    """What to say of an option that a command does not have, but has under another name.

    Args:
        word: as it was typed.
        names_here: of each option of the command all names, with dashes.
    """
    meant = _USUAL.get(word.lstrip("-").replace("-", "_"), ())
    found = {
        name: next((short for short in names if len(short) == 2), None)
        for names in names_here
        for name in names
    }
    here = {f"--{name}": f"--{name.partition(' ')[0]}" for name in meant}
    shorts = {
        typed: f" ({found[name]})" if found[name] else ""
        for typed, name in here.items()
        if name in found and name != word
    }
    return f"{word} is {' or '.join(map(''.join, shorts.items()))} here" if shorts else None
