"""Imports point one way, and what runs graphs loads no training framework."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sleap_rt

PACKAGE = Path(sleap_rt.__file__).parent
ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURE = ROOT / "docs/architecture.md"
SMALL = {"errors", "version", "options", "skeleton", "instances", "contract", "kinds"}
SMALL |= {"arrays", "geometry", "model_files", "legacy_files", "labels", "machine"}
SMALL |= {"interrupts", "libraries", "untrusted", "words"}
MAY_IMPORT = {
    # It tells a terminal what workflows report: steps of an export, results, verifications.
    "cli": {"workflows", "export", "runtime", "tracking", "evaluation"},
    "api": {"workflows", "runtime", "tracking"},
    "workflows": {
        *("models", "export", "runtime", "tracking", "evaluation", "web_page", "rendering"),
    },
    # It runs the finished graph, to certify it; how alike two poses are is evaluation's to say.
    "export": {"models", "runtime", "evaluation"},
    "web_page": {"runtime"},
    "runtime": {"tracking"},  # predicting and following in one pass
    "models": set(),
    "tracking": set(),
    "evaluation": set(),
    "rendering": set(),
}
ROOMS = {  # of runtime/: which rooms each of them may enter
    "frames": set(),
    "engines": set(),
    "predictors": {"engines"},
    "pipeline": {"frames", "predictors"},
    "outputs": {"frames", "predictors"},
    "inspect": {"frames", "engines", "predictors", "pipeline", "outputs"},
    "live": set(),
}
MODULE_NAME = r"sleap_rt(\.\w+)+"
ONLY_IN = {  # package -> the places that may import it
    "torch": {"models", "export"},
    "torchvision": set(),
    "onnx": {"export", "runtime/engines"},  # engines that build from a graph read it
    "onnxscript": {"export"},
    "onnxruntime": {"runtime/engines", "export"},
    "yaml": {"untrusted", "cli"},
    "h5py": {"models", "runtime/frames", "runtime/outputs", "untrusted", "labels"},
    "av": {"runtime/frames", "rendering"},
    "skia": {"rendering"},
    "click": {"cli"},
    "rich": {"cli"},
    "rich_click": {"cli"},
    "zmq": {"runtime/live"},
    "distributed": {"workflows/cluster"},
    "dask_jobqueue": {"workflows/cluster"},
    "tensorflow": set(),
    "keras": set(),
}


def files() -> list[str]:
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imported(file: str) -> Iterator[str]:
    """Full names of all modules that a file imports, wherever in it."""
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports here are absolute"
            assert node.module is not None
            if node.module == "sleap_rt":
                yield from (f"sleap_rt.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Constant) and re.fullmatch(MODULE_NAME, str(node.value)):
            yield str(node.value)  # imported by name, later


def part_of(module: str) -> str:
    return module.split(".")[1] if module.startswith("sleap_rt.") else ""


@pytest.mark.parametrize("file", [file for file in files() if not file.startswith("__")])
def test_imports_point_one_way(file):
    part = file.split("/")[0].removesuffix(".py")
    assert part in SMALL or part in MAY_IMPORT, f"{part} needs a place in docs/architecture.md"
    allowed = {part} | SMALL | MAY_IMPORT.get(part, set())
    for module in imported(file):
        if module.startswith("sleap_rt"):
            assert part_of(module) in allowed, f"{file} imports {module}"
        for package, places in ONLY_IN.items():
            if module.split(".")[0] == package:
                assert any(file.startswith(f"{place}/") for place in places), file


def test_the_small_modules_import_each_other_in_one_direction_only():
    imports: dict[str, set[str]] = {name: set() for name in SMALL}
    for file in files():
        name = file.split("/")[0].removesuffix(".py")
        if name in SMALL:
            imports[name] |= {part_of(module) for module in imported(file)} & SMALL - {name}
    while imports:
        free = {name for name, others in imports.items() if not others & set(imports)}
        assert free, f"these import each other in a circle: {sorted(imports)}"
        for name in free:
            del imports[name]


@pytest.mark.parametrize("file", [file for file in files() if file.startswith("runtime/")])
def test_rooms_of_the_runtime_open_one_way(file):
    room = file.split("/")[1]
    if room not in ROOMS:
        return  # what all rooms share
    for module in imported(file):
        there = module.split(".")[2] if module.startswith("sleap_rt.runtime.") else room
        assert there == room or there not in ROOMS or there in ROOMS[room], f"{file}: {module}"


def arrows() -> str:
    """The picture of who imports whom, as it stands in the documentation."""
    lines = [
        f"{part:<11} -> {', '.join(sorted(others)) or '(nothing but the small modules)'}"
        for part, others in MAY_IMPORT.items()
    ]
    lines += [
        f"runtime/{room:<10} -> {', '.join(sorted(others)) or '(no other room)'}"
        for room, others in ROOMS.items()
    ]
    lines.append(f"small modules: {', '.join(sorted(SMALL))}")
    return "\n".join("    " + line for line in lines)


def test_the_documented_arrows_are_the_ones_that_hold():
    assert arrows() in ARCHITECTURE.read_text(encoding="utf8"), f"put this there:\n{arrows()}"


HEAVY = "('torch', 'onnx', 'onnxscript', 'tensorflow', 'keras', 'matplotlib')"


def loaded_by(code: str) -> str:
    """Which of the heavy packages a process has loaded in the end."""
    tail = f"\nprint('loaded:', sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + code + tail],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_runtime_loads_no_training_framework():
    parts = [
        file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for file in files()
        if file.startswith(("runtime/", "tracking/", "evaluation/"))
        and (not file.startswith("runtime/engines/") or file.endswith(("ort.py", "__init__.py")))
    ]
    code = "\n".join(f"import sleap_rt.{part}" for part in parts)
    assert loaded_by(code) == "loaded: []"


def test_tracking_with_an_exported_model_loads_no_training_framework(sample_graphs, tmp_path):
    (graph,) = sample_graphs("single_instance")
    clip = ROOT / "samples/one_crawler.mp4"
    words = ["track", "-i", clip, "-m", graph, "--frames", "0-3", "-t", "-o", tmp_path / "out.slp"]
    code = f"from sleap_rt.cli import main\ntry:\n    main({[str(word) for word in words]})\n"
    code += "except SystemExit as ended:\n    assert ended.code == 0, ended.code"
    assert loaded_by(code) == "loaded: []"
    assert (tmp_path / "out.slp").is_file()


SAMPLES = ROOT / "samples"
CLIP, BOTTOMUP = SAMPLES / "crawlers.mp4", SAMPLES / "models/bottomup"
CROPS = SAMPLES / "models/centered_instance"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ["info", BOTTOMUP]),
        (0, ["info", BOTTOMUP, "--json"]),
        pytest.param(0, ["track", CLIP, "-m", BOTTOMUP, "--dry_run"], marks=pytest.mark.export),
        (1, ["export", BOTTOMUP, CROPS]),
        pytest.param(2, ["export", BOTTOMUP, "--crop_size", "64"], marks=pytest.mark.export),
        (1, ["track", CLIP, "-m", BOTTOMUP, CROPS]),
        pytest.param(
            2, ["track", CLIP, "-m", BOTTOMUP, "--crop_size", "64"], marks=pytest.mark.export
        ),
    ],
)
def test_what_two_small_files_decide_needs_no_torch(code, words, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # nothing is exported there yet
    run = f"from sleap_rt.cli import main\ntry:\n    main({[str(word) for word in words]})\n"
    run += f"except SystemExit as ended:\n    assert (ended.code or 0) == {code}, ended.code"
    assert loaded_by(run) == "loaded: []"


def test_help_loads_nothing_that_takes_time():
    code = "from sleap_rt.cli import main\ntry:\n    main(['track', '--help'])\n"
    code += "except SystemExit as ended:\n    assert ended.code == 0, ended.code\n"
    code += "heavy = {'scipy', 'cv2', 'av', 'onnxruntime', 'sleap_io'} & set(sys.modules)\n"
    code += "assert not heavy, heavy"
    assert loaded_by(code) == "loaded: []"
