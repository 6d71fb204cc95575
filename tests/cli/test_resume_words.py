"""A run that is continued with other options is told which, what they were and what they are."""

import pytest

CLIP = "samples/crawlers.mp4"


@pytest.fixture
def cut_off(call, request, monkeypatch, sample_graphs, cut_off_behind_one_batch, tmp_path):
    """Words of a run that was cut off behind its first batch."""
    monkeypatch.chdir(request.config.rootpath)
    (graph,) = sample_graphs("bottomup")
    words = ["track", CLIP, "-m", graph, "--engine", "ort", "-o", tmp_path / "out.slp"]
    with cut_off_behind_one_batch():
        assert call(*words, "--frames", "0-9").code == 130
    return words


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--peak_threshold 0.3", "peak_threshold was 0.2, and is 0.3 now"),
        ("--filter_overlapping", "filter_overlapping was False, and is True now"),
        ("--batch_size 3", "batch_size was 4, and is 3 now"),
        ("-n 2", "max_instances was not given, and is 2 now"),
    ],
)
def test_the_option_that_differs_is_named_with_both_values(call, cut_off, options, told):
    done = call(*cut_off, "--frames", "0-9", "--resume", *options.split())
    assert done.code == 1
    assert f"belongs to another run: --{told}. Repeat that run's command" in done.err
    assert "--no-resume" in done.err


def test_other_frames_are_told(call, cut_off):
    told = "frames was 10 frames from 0 to 9, and is 20 frames from 0 to 19 now"
    assert told in call(*cut_off, "--frames", "0-19", "--resume").err


def test_a_dry_run_continues_with_what_the_run_had(call, cut_off):
    told = call(*cut_off, "--frames", "0-9", "--resume", "--dry_run").out
    assert "out.slp.journal, which is continued" in told
