"""`track --frame_range_of` and `merge`, as in a job array."""

import os
import re
import shutil
import subprocess
import sys

import av
import pytest
import sleap_io as sio

import sleap_rt
from sleap_rt.runtime.frames.video import VideoFile

N_FRAMES = 60


@pytest.fixture(scope="module")
def clip(tmp_path_factory, request):
    """A clip with a key frame every 10 frames."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    options = {"crf": "5", "g": "10"}
    with (
        VideoFile(request.config.rootpath / "samples/crawlers.mp4") as source,
        av.open(str(path), "w") as container,
    ):
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width = source.shape[:2]
        for index in range(N_FRAMES):
            image = source.read(index).repeat(3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("names", [("bottomup",), ("centroid", "centered_instance")])
def test_a_job_array_gives_the_bytes_of_one_run(names, clip, sample_graphs, call, tmp_path):
    models = sample_graphs(*names)[0].parent
    options = ("-m", models, "--tracking", "--engine", "ort", "--reproducible")
    assert call("track", clip, *options, "-o", tmp_path / "whole.slp").code == 0
    for part in (1, 2, 3):
        done = call("track", clip, *options, "--frame_range_of", f"{part}/3")
        assert done.code == 0, done.err
        assert f"clip.predictions.{part}of3.part" in done.out
    parts = sorted(clip.parent.glob("*.part"))
    assert len(parts) == 3
    done = call("merge", *parts, "-o", tmp_path / "merged.slp")
    assert done.code == 0, done.err
    assert done.out.startswith(f"{N_FRAMES} frames, ")
    assert ", predicted with ort on cpu, batches of 4 -> " in done.out  # no rate: merging is quick
    assert (tmp_path / "merged.slp").read_bytes() == (tmp_path / "whole.slp").read_bytes()
    labels = sleap_rt.merge_parts(parts, tmp_path / "python.slp", max_tracks=2, tracking=True)
    assert (tmp_path / "python.slp").exists()
    assert len(labels.tracks) == 2
    assert len(sio.load_slp(str(tmp_path / "merged.slp"), open_videos=False).tracks) > 2
    for part in parts:
        part.unlink()


def test_python_writes_parts_as_the_command_does(clip, sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    given = {"engine": "ort", "model_paths": graph, "frame_range_of": "2/3"}
    labels = sleap_rt.run_inference(clip, output_path=tmp_path / "2.part", **given)
    assert [frame.frame_idx for frame in labels] == list(range(20, 40))
    with pytest.raises(sleap_rt.errors.DataError, match="2 of 3 parts are missing: 1/3, 3/3"):
        sleap_rt.merge_parts([tmp_path / "2.part"])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("merge -o out.slp", 2, "No part was given; name all parts that frame_range_of wrote"),
        ("merge a.part", 2, "Missing option '--output_path'"),
        ("merge a.part -o out.txt", 2, "output_path out.txt: must end in .slp"),
        ("merge a.part -o out.slp", 1, "a.part does not exist; expected a part"),
        ("merge a.part -o out.slp --max_tracks 0 -t", 2, "max_tracks 0: must be a whole number"),
    ],
)
def test_merge_refuses_in_one_line(words, code, told, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(*words.split())
    assert done.code == code
    assert told in done.err


def test_the_job_files_of_the_guide_run(clip, sample_graphs, request, tmp_path):
    """As SLURM would start them: with a shell, a number in the environment, and `srun`."""
    guide = (request.config.rootpath / "docs/cluster.md").read_text(encoding="utf8")
    parts, merge = re.findall(r"```bash\n(.*?)```", guide, re.DOTALL)
    shutil.copy(clip, tmp_path / "video.mp4")
    shutil.copytree(sample_graphs("bottomup")[0].parent, tmp_path / "exports/flies")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, words in (("srun", '"$@"'), ("sleap-nn", f'{sys.executable} -m sleap_rt "$@"')):
        (commands / name).write_text(f"#!/bin/sh\nexec {words}\n")
        (commands / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
    environment["PYTHONPATH"] = str(request.config.rootpath)
    for number, script in ((1, parts), (2, parts), (0, merge)):
        environment["SLURM_ARRAY_TASK_ID"] = str(number)
        subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=True)
    assert len(sio.load_slp(str(tmp_path / "flies.slp"), open_videos=False)) == N_FRAMES
