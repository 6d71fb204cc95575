"""What is told to do next can be copied, and helps."""

import shlex
from pathlib import Path

import pytest

from sleap_rt.cli.reports.next_steps import after_results
from sleap_rt.words import as_typed


@pytest.mark.parametrize("name", ["-x.slp", "--y z.slp"])
def test_a_file_is_never_taken_for_an_option(name):
    (word,) = shlex.split(as_typed(name))
    assert not word.startswith("-")
    assert Path(word) == Path(name)


def test_parts_that_begin_with_a_dash_can_be_joined(capsys):
    after_results([Path("-a b.1of3.part"), Path("-a b.2of3.part")], is_tracked=False)
    told = capsys.readouterr().err
    assert "next, to join all parts once they are there: " in told
    assert "merge './-a b.'*of3.part -o RESULT.slp" in told


def test_one_animal_needs_no_following(call, request, sample_graphs, tmp_path):
    clip = request.config.rootpath / "samples/one_crawler.mp4"
    (graph,) = sample_graphs("single_instance")
    done = call("track", clip, "-m", graph, "--frames", "0", "-o", tmp_path / "one.slp")
    assert done.code == 0
    assert "follow the animals" not in done.err
    assert "next, to compare with labels: " in done.err


def test_a_part_says_nothing_of_tracks_that_merge_will_find(call, request, sample_graphs, tmp_path):
    clip = request.config.rootpath / "samples/crawlers.mp4"
    (graph,) = sample_graphs("bottomup")
    words = ["--frames", "0-39", "--frame_range_of", "1/2", "-t", "-o", tmp_path / "a.part"]
    done = call("track", clip, "-m", graph, *words)
    assert done.code == 0
    assert "track" not in done.out.partition("->")[0]


def test_wrong_usage_has_no_traceback(call):
    done = call("track", "a.mp4", "-m", "model", "--quiet", "--verbose")
    assert (done.code, done.err) == (2, "Error: --verbose and --quiet exclude each other\n")


def test_centroids_that_cannot_be_followed_are_not_said_to_be(
    call, request, sample_graphs, tmp_path
):
    clip = request.config.rootpath / "samples/crawlers.mp4"
    out = tmp_path / "centroids.slp"
    words = ["-m", *sample_graphs("centroid"), "--centroid_output", "centroid", "--frames", "0-3"]
    done = call("track", clip, *words, "-o", out)
    assert (done.code, "next:" in done.err) == (0, False), done.err
    followed = call("track", out, "-t")
    assert followed.code == 1
    assert "centroids cannot be tracked; predict with --centroid_output instance" in followed.err


def test_of_several_results_the_first_is_named_as_such(capsys):
    after_results([Path("a.slp"), Path("b.slp")], is_tracked=True)
    told = capsys.readouterr().err
    assert "next, to see the poses over the video, the first of 2: " in told
    assert "next, to compare with labels, the first of 2: " in told
