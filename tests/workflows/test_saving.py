"""What is left when a result cannot be saved to its end."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import sleap_io as sio
from fakes import BrightBlocks

from sleap_rt.options import NO_OVERRIDES, RunOptions
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.outputs.names import make_folder
from sleap_rt.runtime.outputs.saving import remove_unfinished, save, unfinished_prefix
from sleap_rt.workflows.many.run import ManyRun
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import plan_prediction
from sleap_rt.workflows.predict import run_plan
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.resolve import ResolvedModels

ROOT = Path(__file__).resolve().parents[2]
WRITES = """
import resource, sys
from pathlib import Path
from made_results import made_results
from sleap_rt.errors import DataError
from sleap_rt.runtime.outputs.formats import write_results

results = made_results(n_frames=int(sys.argv[4]), n_videos=1, most=5)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    write_results(results, Path(sys.argv[1]), sys.argv[2])
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as Linux sets them")
@pytest.mark.parametrize(
    ("name", "output_format", "limit", "n_frames"),
    [
        ("out.slp", "slp", 100_000, 100),  # ahead of HDF5
        ("out.slp", "slp", 1_100_000, 6000),  # in HDF5
        ("out.h5", "analysis_h5", 1_100_000, 12_000),
        ("out.csv", "csv", 30_000, 600),
    ],
)
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, name, output_format, limit, n_frames):
    """Files of the process that writes may have so many bytes."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests/runtime")])
    done = subprocess.run(
        [sys.executable, "-c", WRITES, tmp_path / name, output_format, str(limit), str(n_frames)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / name} cannot be written: File too large.\n"
    assert not list(tmp_path.iterdir())


class Interrupted(Report):
    """Somebody presses Ctrl-C while the result is saved."""

    def saving(self, results, n_frames):
        for number, result in enumerate(results):
            if number == n_frames // 2:
                raise KeyboardInterrupt
            yield result


def test_an_interrupt_while_saving_leaves_the_journal(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(23):
        cv2.imwrite(str(folder / f"{index:03}.png"), np.full((8, 10), 9 * index, np.uint8))

    def run(report, resume=None):
        predictor = BrightBlocks()
        models = ResolvedModels(
            paths=(), overrides=NO_OVERRIDES, models=predictor.models, graphs=predictor.models
        )
        options = PredictionOptions(
            output_path=tmp_path / "out.slp", run=RunOptions(batch_size=4), resume=resume
        )
        with open_input(folder, options.selection) as opened:
            plan = plan_prediction(models, opened, options)
            run_plan(plan, opened, report, predictor, keeps_labels=False)
        return predictor.calls

    with pytest.raises(KeyboardInterrupt, match="23 of 23 frames are kept in"):
        run(Interrupted())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "out.slp.journal"]
    assert run(Report(), resume=True) == []  # nothing is predicted again
    assert len(sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)) == 23
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "out.slp"]


KILLED = """
import os, signal, sys
from pathlib import Path
from sleap_rt.runtime.outputs.saving import save

def write(path):
    path.write_text("half of it")
    os.kill(os.getpid(), signal.SIGKILL if os.name != "nt" else signal.SIGTERM)

save(Path(sys.argv[1]), write)
"""


def test_what_a_killed_process_left_is_removed_when_its_file_is_saved_again(tmp_path):
    out, other = tmp_path / "out.mp4", tmp_path / "other.mp4"
    for path in (out, out, other):
        subprocess.run(
            [sys.executable, "-c", KILLED, path], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    (left,) = tmp_path.glob(f"{unfinished_prefix(out)}*")  # of the second one alone
    (of_other,) = tmp_path.glob(f"{unfinished_prefix(other)}*")

    def write(path):
        assert not left.exists()
        save(out, lambda path: path.write_text("meanwhile"))  # leaves what is in use
        path.write_text("whole")

    save(out, write)
    assert out.read_text() == "whole"
    assert set(tmp_path.iterdir()) == {out, of_other}


def test_files_beside_an_output_whose_names_look_like_ours_stay(tmp_path):
    out, summary = tmp_path / "out.slp", tmp_path / "run.json"
    mine = [".out.slp.probe", ".run.json.new", f"{unfinished_prefix(out)}notes-of-the-day"]
    for name in mine:
        (tmp_path / name).write_text("a person's")
    make_folder(out)
    remove_unfinished(out)
    save(out, lambda path: path.write_text("poses"))
    ManyRun([], summary).save_summary()
    assert all((tmp_path / name).read_text() == "a person's" for name in mine)
    assert len(list(tmp_path.iterdir())) == len(mine) + 2
