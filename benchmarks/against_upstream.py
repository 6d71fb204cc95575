"""This program against the released sleap-nn: whole commands, taking turns on one machine.

    make bench
    python benchmarks/against_upstream.py [--data FOLDER] [--rows NAME ...] [--rounds 3]
        [--engine NAME ...] [--frames N] [--upstream FOLDER] [--output FILE]

sleap-nn is installed as released into an environment of its own (several GB, once), and run as a
black box: `predict` and `track` on its checkpoints, and `predict` on its own ONNX export. Ours runs
on its exports with every engine that works here, and with what `--engine auto` takes once it had
frames enough to compare them. In each round every program predicts the same frames once, in an
order that changes from round to round.

Only the ratios of a machine with nothing else to do mean much: threads that wait by spinning, as
torch's do, lose far more to other programs than their share. The load is printed.

frames/s counts from the first progress line (start-up, opening and the first frames are over) to
the written file. Start to first frame written is a run of one frame. Without FOLDER (with `native/`
and `videos/`) the scene in `samples/` is used, its clips played several times over.
"""

import argparse
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import sleap_io as sio

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.side_by_side import (  # noqa: E402
    FailedError,
    Run,
    ratio_table,
    ratios,
    speed_table,
    table,
    timed,
)
from sleap_rt.runtime.engines import declarations  # noqa: E402
from sleap_rt.workflows.tuning.settle import WORTH_TRYING  # noqa: E402

# This OpenCV decodes tagged videos as the models were trained.
RELEASED = (
    "torch==2.14.1",
    "torchvision==0.29.1",
    "sleap-nn[export]==0.3.5",
    "opencv-python==4.10.0.84",
)
THEIRS = ("sleap-nn predict", "sleap-nn track", "sleap-nn ONNX")
SAMPLES = ROOT / "samples"


@dataclass(frozen=True)
class Work:
    """One model on some frames.

    Attributes:
        name: for `--rows`.
        title: for the tables.
        models: folders of trained models, centroids first.
        video: to predict.
        first: frame.
        n_frames: from there on; the slowest program takes seconds for these.
        times: the clip is played; more than once where it is short.
    """

    name: str
    title: str
    models: tuple[Path, ...]
    video: Path
    first: int
    n_frames: int
    times: int = 1

    def frames(self, n_frames: int) -> str:
        return f"{self.first}-{self.first + n_frames - 1}"


@dataclass(frozen=True)
class Program:
    """What takes part: a command that lacks input, frames and output."""

    name: str
    command: tuple[str, ...]

    def run(self, video: Path, frames: str, output: Path) -> Run:
        """Predict.

        Raises:
            FailedError: with the program's own words.
        """
        given = ("-i", str(video), "--frames", frames, "-o", str(output), "--gui")
        return timed([*self.command, *given], output, cwd=ROOT, env=environment())


def environment() -> dict[str, str]:
    """Neither program sees packages of the other; what is printed comes at once.

    Both keep their modules compiled, as packages are that were installed.
    """
    left_out = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def sample_works() -> list[Work]:
    models, crawlers = SAMPLES / "models", SAMPLES / "crawlers.mp4"
    pair = (models / "centroid", models / "centered_instance")
    return [
        Work(
            "single",
            "single instance, 250x190",
            (models / "single_instance",),
            SAMPLES / "one_crawler.mp4",
            0,
            300,
            times=5,
        ),
        Work("bottomup", "bottom-up, 324x250", (models / "bottomup",), crawlers, 0, 360, times=2),
        Work("topdown", "top-down, 3 animals, 324x250", pair, crawlers, 0, 180),
    ]


def works_in(data: Path) -> list[Work]:
    native, flies = data / "native", data / "videos/centered_pair_small.mp4"
    pair = (native / "centroid", native / "centered_instance")
    mice = (native / "mice_centroid", native / "mice_centered_instance")
    flies_bottomup = (native / "flies_bottomup",)
    clip, single = data / "videos/clip.mp4", (native / "single_instance",)
    return [
        Work("single", "single instance, 384x384", single, flies, 0, 800),
        Work("bottomup", "bottom-up, 384x384", (native / "bottomup",), flies, 0, 160),
        Work("bottomup24", "bottom-up, 24 nodes, at 0.5", flies_bottomup, flies, 0, 500),
        Work("topdown", "top-down, 2 animals, 384x384", pair, flies, 0, 240),
        Work("topdown1024", "top-down, 2 animals, 1024x1024", mice, clip, 1000, 300),
    ]


def main() -> None:
    args = arguments()
    works = sample_works() if args.data is None else works_in(args.data)
    works = [work for work in works if not args.rows or work.name in args.rows]
    upstream = installed(args.upstream)
    engines = args.engine or ["auto", *working_engines()]
    speeds, starts, notes = {}, [], []
    load = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder:
        for number, work in enumerate(works):
            print(f"{work.title} ...", flush=True)
            here = Path(folder) / str(number)
            here.mkdir()
            video = work.video if work.times == 1 else looped(work.video, work.times, here)
            programs = [*their_programs(upstream, work, here), *our_programs(engines, work, here)]
            rates, first_frame, told = measure(work, video, programs, args, here)
            speeds[work.title], load = rates, [*load, os.getloadavg()[0]]
            starts.append((work.title, *first_frame))
            notes += [f"- {work.title}: {note}" for note in told]
            print(speed_table({work.title: rates}), flush=True)
    versions = [*described(sys.executable), *described(str(python_of(upstream)))]
    text = report(speeds, starts, notes, versions, load, args)
    print(text)
    args.output.write_text(text, encoding="utf8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with native/ and videos/")
    parser.add_argument("--rows", nargs="+", help="only these of single, bottomup, topdown, ...")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", nargs="+", help="of ours  [default: auto and all that work]")
    parser.add_argument("--frames", type=int, help="frames of each row, in place of its own number")
    parser.add_argument("--upstream", type=Path, default=ROOT / ".venv-upstream")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results.md")
    args = parser.parse_args()
    works = sample_works() if args.data is None else works_in(args.data)
    unknown = set(args.rows or ()) - {work.name for work in works}
    if unknown:
        parser.error(f"--rows {', '.join(unknown)}: there are {', '.join(w.name for w in works)}")
    if args.rounds < 1:
        parser.error("--rounds must be at least 1")
    return args


def installed(folder: Path) -> Path:
    """The environment of the released program, made if it is not there."""
    if not (folder / "complete").exists():
        print(f"installing {', '.join(RELEASED)} into {folder.name} ...", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run(
            [python_of(folder), "-m", "pip", "install", "--quiet", *RELEASED],
            check=True,
            env=environment(),
        )
        (folder / "complete").touch()
    return folder


def python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def working_engines() -> list[str]:
    """Our engines that are installed for a CPU, by their own account."""
    return [
        name
        for name, engine in declarations().items()
        if any(device.kind == "cpu" for device in engine.devices) and engine.why_not("cpu") is None
    ]


def their_programs(upstream: Path, work: Work, folder: Path) -> list[Program]:
    program = str(python_of(upstream).with_name("sleap-nn"))
    exported = str(folder / "their_export")
    subprocess.run(  # if it fails, so will `predict`, and tell
        [program, "export", *map(str, work.models), "-o", exported],
        capture_output=True,
        env=environment(),
    )
    models = [word for model in work.models for word in ("-m", str(model))]
    on_cpu = ("-d", "cpu", "-b", "4")
    commands = (
        ("predict", *models, *on_cpu),
        ("track", *models, *on_cpu),
        ("predict", "-m", exported, "--runtime", "onnx", *on_cpu),
    )
    return [
        Program(name, (program, *command)) for name, command in zip(THEIRS, commands, strict=True)
    ]


def our_programs(engines: Sequence[str], work: Work, folder: Path) -> list[Program]:
    program, exported = (sys.executable, "-m", "sleap_rt"), str(folder / "our_export")
    subprocess.run(
        [*program, "export", *map(str, work.models), "-o", exported],
        check=True,
        stdout=subprocess.DEVNULL,  # the certificate
        cwd=ROOT,
        env=environment(),
    )
    track = (*program, "track", "-m", exported, "-d", "cpu", "--engine")
    return [Program(ours(engine), (*track, engine)) for engine in engines]


def ours(engine: str) -> str:
    return f"ours, {engine}"


def measure(work, video: Path, programs: list[Program], args, folder: Path):
    """Rates of every program; seconds to a first frame, theirs and ours; what else to tell."""
    output = folder / "poses.slp"
    rates: dict[str, list[float] | str] = {program.name: [] for program in programs}
    firsts: dict[str, list[float]] = {THEIRS[0]: [], programs[len(THEIRS)].name: []}
    animals, notes, taken = {}, [], ""
    for program in programs:  # an engine may prepare for this model and machine once
        if program.name not in THEIRS:
            program.run(video, work.frames(8), output)
        if program.name == ours("auto"):
            compare_engines(program, work, video, folder)
    for number in range(args.rounds):
        for program in turned(programs, number):
            if isinstance(rates[program.name], str):
                continue  # failed before
            try:
                run = program.run(video, work.frames(args.frames or work.n_frames), output)
                rates[program.name].append(run.frames_per_second)
                animals[program.name] = n_instances(output)
                taken = engine_in(run) if program.name == ours("auto") else taken
                if program.name in firsts:
                    firsts[program.name].append(program.run(video, work.frames(1), output).seconds)
            except FailedError as error:
                if program.name not in THEIRS:
                    raise SystemExit(f"{program.name}, {work.title}: {error}") from error
                rates[program.name] = str(error)
                notes.append(f"{program.name} fails: {str(error)[:160]}")
    if taken:
        notes.append(f"--engine auto took {taken}")
    found = ", ".join(f"{name} {count}" for name, count in animals.items())
    return rates, first_frame_cells(*firsts.values()), [*notes, f"instances found: {found}"]


def compare_engines(program: Program, work: Work, video: Path, folder: Path) -> None:
    """Give `auto` as many frames as it takes to compare the engines, once for a model here."""
    n_clips = math.ceil(WORTH_TRYING / work.n_frames)
    clips = [folder / f"clip_{number}{video.suffix}" for number in range(n_clips)]
    for clip in clips:
        shutil.copy(video, clip)
    given = ("--frames", work.frames(work.n_frames), "-o", str(folder / "compared"), "--quiet")
    command = [*program.command, *given, "-i", *map(str, clips)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment())


def turned(programs: Sequence[Program], number: int) -> list[Program]:
    start = number % len(programs)
    return [*programs[start:], *programs[:start]]


def first_frame_cells(theirs: list[float], us: list[float]) -> tuple[str, str, str]:
    if not theirs:
        return "fails", f"{median(us):.1f}", "fails"
    return f"{median(theirs):.1f}", f"{median(us):.1f}", ratios(theirs, us)


def engine_in(run: Run) -> str:
    """The engine that our summary names."""
    named = [re.search(r"frames/s with (.+?)(?: ->|$)", line) for _, line in run.lines]
    return "".join(match[1] for match in named if match)


def n_instances(path: Path) -> int:
    return sum(len(frame.instances) for frame in sio.load_slp(str(path), open_videos=False))


def looped(video: Path, times: int, folder: Path) -> Path:
    """A clip several times over, so that a run is long enough to be timed."""
    frames = sio.load_video(str(video))[:]
    path = folder / video.name
    with sio.VideoWriter(str(path), fps=25, crf=18) as writer:
        for _ in range(times):
            for frame in frames:
                writer(frame)
    return path


def described(python: str) -> list[str]:
    """Versions of what is installed beside a Python, as lines of a list."""
    wanted = "sleap-nn torch sleap-rt onnxruntime openvino MNN av opencv-python numpy sleap-io"
    code = (
        "import sys\nfrom importlib.metadata import version, PackageNotFoundError\n"
        "found = ['Python ' + sys.version.split()[0]]\n"
        f"for name in {wanted!r}.split():\n"
        "    try: found.append(name + ' ' + version(name))\n"
        "    except PackageNotFoundError: pass\n"
        "print(', '.join(found))"
    )
    told = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    return [f"- {told.stdout.strip()}"]


def processor() -> str:
    names = [platform.processor() or platform.machine()]
    if Path("/proc/cpuinfo").exists():
        text = Path("/proc/cpuinfo").read_text(encoding="utf8")
        names = [line.split(":")[1].strip() for line in text.splitlines() if "model name" in line]
    return f"{os.cpu_count()} cores of {names[0] if names else platform.machine()}"


def report(speeds, starts, notes, versions, load, args) -> str:
    our_names = [name for name in next(iter(speeds.values())) if name not in THEIRS]
    parts = [
        "# Against the released sleap-nn",
        "Written by `python benchmarks/against_upstream.py`, which says how it measures. "
        f"{processor()}; load at the start and after each row "
        f"{', '.join(f'{value:.1f}' for value in load)}; {args.rounds} rounds, medians; "
        "sleap-nn with batches of 4 (its default), ours with its own default.",
        "\n".join(versions),
        speed_table(speeds),
        "Ratios, round by round: median (smallest-largest).",
        ratio_table(speeds, our_names, THEIRS),
        "Start to first frame written:",
        table(("work", f"{THEIRS[0]}, s", f"{our_names[0]}, s", "ratio"), starts),
        "\n".join(notes),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
