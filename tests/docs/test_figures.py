"""Figures in the guides are those of the code and of the recorded measurements.

A sentence of a page is written down once more here, with the figure taken from where it is decided.
If one changes, its test prints what the page has to say.
"""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from test_constraints import needed

from sleap_rt.contract import CONTRACT_VERSION, Decoding
from sleap_rt.evaluation.storage import _TIMES
from sleap_rt.export.proof import against_checkpoint, poses, reduced
from sleap_rt.labels.slices import _MOST_FRAMES
from sleap_rt.options import CalibrationOptions, RunOptions
from sleap_rt.options.running import USUAL_BATCH_SIZE
from sleap_rt.runtime.engines import openvino
from sleap_rt.runtime.engines.tensorrt.gpu import recordings
from sleap_rt.runtime.engines.tensorrt.shapes import _MOST
from sleap_rt.runtime.frames.images.headers import MOST_PIXELS
from sleap_rt.runtime.frames.video import container
from sleap_rt.runtime.inspect.objection import CAUTIOUS
from sleap_rt.runtime.inspect.trials import _LONG_TURN
from sleap_rt.runtime.inspect.verify import N_RUNS, TOLERANCES
from sleap_rt.runtime.pipeline import journal, journal_file, progress
from sleap_rt.runtime.pipeline.stages import watch
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.tuning.settle import WORTH_COUNTING, WORTH_TRYING

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read pyproject.toml")
ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
WORDS = {2: "two", 4: "four", 6: "six", 8: "eight", 10: "ten", 16: "sixteen"}


def text_of(page):
    return " ".join((ROOT / page).read_text(encoding="utf8").split())


def tolerance(precision):
    allowed = TOLERANCES[precision]
    return f"{allowed.px:g} px and {_plain(allowed.score)}"


def _plain(number):
    return "1e-4" if number == 1e-4 else f"{number:g}"


FACTS = [
    ("docs/track.md", f"At most {MOST_PIXELS // 10**6} million pixels an image"),
    ("docs/track.md", f"{container._MOST_PIXELS // 10**6} million a video frame"),
    ("docs/track.md", f"forced to the disk every {journal.SYNC_SECONDS:g} seconds"),
    ("docs/track.md", f"every {progress._SECONDS_BETWEEN_LINES_OF_A_LOG} seconds"),
    ("docs/track.md", f"a warning says so after {watch._TELL_SECONDS:g} s"),
    ("docs/track.md", f"`--stall_timeout` ({RunOptions.stall_timeout:g} s; 0: never)"),
    ("docs/track.md", f"`.slp` files up to {_MOST_FRAMES:,} frames at a time"),
    ("docs/engines.md", f"over {WORTH_TRYING:,} frames or more"),
    ("docs/engines.md", f"those of {WORTH_COUNTING} frames or more are counted"),
    ("docs/engines.md", f"once they add up to {WORTH_TRYING:,} with"),
    ("docs/engines.md", f"({CAUTIOUS * TOLERANCES['fp32'].px:g} px and 5e-5 in score, where"),
    ("docs/engines.md", f"`--engine mnn` take {tolerance('fp32')})"),
    ("docs/engines.md", f"on the first {_LONG_TURN} frames"),
    ("docs/measurements.md", f"once {WORTH_TRYING:,} frames are to be predicted"),
    ("docs/engines.md", f"(the default) is {USUAL_BATCH_SIZE}, or less"),
    ("docs/engines.md", f"Allowed are {tolerance('fp32')} for float32"),
    ("docs/engines.md", f"{tolerance('fp16')} at the {TOLERANCES['fp16'].percentile}th"),
    ("docs/engines.md", f"{tolerance('int8')} at the {TOLERANCES['int8'].percentile}th"),
    ("docs/engines.md", f"the last {WORDS[openvino._MOST_SIZES]} are kept"),
    ("docs/engines.md", "up to {max_batch}, {max_crops} and {max_slots};".format(**_MOST)),
    ("docs/engines.md", f"the last {WORDS[recordings._MOST]} are kept"),
    ("docs/engines.md", f"whose shapes have come {WORDS[recordings._RUNS_BEFORE + 1]} times"),
    ("docs/engines.md", f"runs its sample {WORDS[N_RUNS]} times"),
    ("docs/engines.md", f"`--calibration_frames` ({CalibrationOptions.calibration_frames})"),
    (
        "docs/engines.md",
        f"| {against_checkpoint.MAX_PX:g} px, {_plain(against_checkpoint.MAX_SCORE)} in score |",
    ),
    (
        "docs/engines.md",
        f"| {reduced.MAX_P99_PX:g} px for 99 of 100 points, {reduced.MAX_CHANGED:.0%} of".replace(
            "%", " %"
        ),
    ),
    ("docs/engines.md", f"more than {poses.MAX_CHANGED_INSTANCES * 100:.0f} % of the animals"),
    ("docs/engines.md", f"more than {poses.MAX_CHANGED_POINTS * 100:.0f} % of the points"),
    ("README.md", f"differs by more than {against_checkpoint.MAX_PX:g} px fails"),
    ("docs/models.md", f"refine a peak, {Decoding.integral_patch_size} unless given"),
    ("docs/models.md", f"between two peaks, {Decoding.n_points} unless given"),
    ("CHANGELOG.md", f"files' layout has version {CONTRACT_VERSION}"),
    ("CHANGELOG.md", f"layout has version {journal_file.LAYOUT}: finish interrupted runs"),
    ("SECURITY.md", f"metrics archive may unpack to | 64 MB and {_TIMES} times its size"),
]


@pytest.mark.parametrize(("page", "sentence"), FACTS)
def test_a_figure_is_the_codes(page, sentence):
    assert sentence in text_of(page), f"{page} has to say: {sentence}"


def test_the_oldest_python_is_the_projects():
    oldest = re.search(r">=(3\.\d+)", PROJECT["requires-python"])[1]
    assert f"from Python {oldest} on" in text_of("README.md")
    assert f"Python :: {oldest}" in " ".join(PROJECT["classifiers"])


def test_speeds_in_the_readme_are_the_recorded_ones():
    """Row by row of benchmarks/results.md: two of sleap-nn, its ONNX export, our quickest."""
    recorded = {}
    for line in (ROOT / "benchmarks/results.md").read_text(encoding="utf8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 8 and re.match(r"[\d.]+$", cells[1]):
            ours = max(float(cell) for cell in cells[4:] if cell != "fails")
            recorded[tuple(map(_rounded, cells[1:4]))] = _rounded(ours)
    assert len(recorded) == 5
    table = re.findall(
        r"^\| .+? \| (\w+) \| (\w+) \| (\w+) \| (\d+) \(\w+\) \|$",
        (ROOT / "README.md").read_text(encoding="utf8"),
        re.MULTILINE,
    )
    assert {tuple(row[:3]): row[3] for row in table} == recorded


def test_start_times_in_the_readme_are_the_recorded_ones():
    text = (ROOT / "benchmarks/results.md").read_text(encoding="utf8")
    rows = re.findall(r"\| ([\d.]+) \| ([\d.]+) \| [\d.]+ \(", text.partition("Start to first")[2])
    theirs, ours = (sorted(map(float, column)) for column in zip(*rows, strict=True))
    sentence = f"{ours[0]} to {ours[-1]} s after the program is started (sleap-nn: "
    assert f"{sentence}{theirs[0]} to {theirs[-1]} s)" in text_of("README.md")


def test_times_of_exports_in_the_readme_are_the_measured_ones():
    table = (ROOT / "docs/measurements.md").read_text(encoding="utf8").partition("## Export")[2]
    table = table.partition("\n## ")[0]
    rows = re.findall(r"^\| .+? \| [\d.]+ \| ([\d.]+) \|", table, re.MULTILINE)
    now = [float(row) for row in rows]
    assert len(now) == 9
    assert (round(min(now)), round(max(now))) == (1, 3)
    assert "exported in one to three seconds" in text_of("README.md")


def _rounded(cell):
    return cell if cell == "fails" else str(int(float(cell) + 0.5))


def test_sizes_of_the_samples_are_those_of_the_files():
    text = (ROOT / "samples/README.md").read_text(encoding="utf8")
    files = re.findall(r"^\| `(\w+\.\w+)` \|.*\| (\d+) kB \|$", text, re.MULTILINE)
    models = re.findall(r"^\| `(\w+)`.*\| (\d+) kB \|$", text, re.MULTILINE)
    assert (len(files), len(models)) == (4, 6)
    said = {ROOT / "samples" / name: int(size) for name, size in files}
    said |= {ROOT / "samples/models" / name / "best.ckpt": int(size) for name, size in models}
    for path, kilobytes in said.items():
        assert abs(path.stat().st_size / 1000 - kilobytes) <= max(2, 0.03 * kilobytes), path


def test_sizes_on_disk_in_the_readme_are_those_of_this_environment():
    """Of what the extras need, as it is installed here; other versions differ a little."""
    for extras, label in {
        (): "of your own",
        ("cpu",): "`.[cpu]`",
        ("cpu", "export"): ",export]`",
    }.items():
        said = re.search(re.escape(label) + r" ([\d.]+) GB", text_of("README.md"))
        gigabytes = sum(map(_size, needed(extras))) / 1e9
        assert abs(float(said[1]) - gigabytes) < 0.15 * gigabytes, f"{label}: {gigabytes:.2f} GB"


def _size(name):
    """Bytes, with what Python compiles on installing."""
    files = (Path(str(file.locate())) for file in distribution(name).files or ())
    return sum(file.stat().st_size for file in files if file.is_file())


def test_defaults_in_the_table_of_tracking_are_the_options():
    text = (ROOT / "docs/tracking.md").read_text(encoding="utf8").partition("## Options")[2]
    rows = re.findall(r"^\| (`.+?`) \| (.+?) \|", text.partition("## How well")[0], re.MULTILINE)
    said = {}
    for names, defaults in rows:
        found = re.findall(r"`([a-z_]+)`", names)
        values = defaults.split(", ") if len(found) > 1 else [defaults]
        said |= dict(zip(found, values, strict=True))
    said.pop("tracking", None)
    shown = {
        name: "none"
        if value is None
        else "off"
        if value is False
        else f"{value:g}"
        if isinstance(value, int | float)
        else value
        for name, value in ((name, getattr(TrackerOptions(), name)) for name in said)
    }
    said = {name: re.sub(r"\.0$", "", value.strip("`")) for name, value in said.items()}
    assert said == shown
    assert set(said) == set(TrackerOptions.__dataclass_fields__)
