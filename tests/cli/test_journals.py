"""A journal is continued by the run that began it, wherever its video lies now, and by no other."""

import shutil

import pytest
import sleap_io as sio

FRAMES = ("--frames", "0-9")


@pytest.fixture
def folder(request, tmp_path):
    """With two videos."""
    folder = tmp_path / "there"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(request.config.rootpath / "samples/crawlers.mp4", folder / name)
    return folder


@pytest.fixture
def track(call, sample_graphs, tmp_path):
    """`track(input, *options)`."""
    (graph,) = sample_graphs("bottomup")

    def track(path, *options):
        return call("track", path, "-m", graph, "--engine", "ort", *options)

    return track


@pytest.fixture(params=["one", "many"])
def cut_off(request, track, folder, tmp_path, cut_off_behind_one_batch):
    """Goes on over a folder: with a run over one of its videos, or over both of them."""
    is_one = request.param == "one"

    def words_of(where, *options):
        if is_one:
            return where / "a.mp4", "-o", tmp_path / "out/a.predictions.slp", *options
        return where, "-o", tmp_path / "out", *options

    with cut_off_behind_one_batch():
        assert track(*words_of(folder, *FRAMES)).code == 130
    assert (tmp_path / "out/a.predictions.slp.journal").exists()
    return lambda where, *options: track(*words_of(where, "--resume", *options))


def moved(folder):
    return folder.rename(folder.with_name("now"))


def is_cut_off_still(tmp_path):
    return [path.name for path in (tmp_path / "out").iterdir()] == ["a.predictions.slp.journal"]


def test_a_journal_follows_its_video_and_the_result_names_the_new_place(cut_off, folder, tmp_path):
    now = moved(folder)
    told = cut_off(now, *FRAMES, "--dry_run")
    assert (told.code, "a.predictions.slp.journal, which is continued" in told.out) == (0, True)
    done = cut_off(now, *FRAMES)
    assert done.code == 0, done.err
    assert "10 frames (4 of them before)" in done.out
    labels = sio.load_slp(str(tmp_path / "out/a.predictions.slp"), open_videos=False)
    assert labels.video.filename == str(now / "a.mp4")
    assert len(labels) == 10
    assert not (tmp_path / "out/a.predictions.slp.journal").exists()


def other_recording(folder):
    now = moved(folder)
    content = (now / "a.mp4").read_bytes()
    (now / "a.mp4").write_bytes(content + b"longer")
    return now


def a_copy(folder):
    return shutil.copytree(folder, folder.with_name("now"))


@pytest.mark.parametrize("happened", [other_recording, a_copy])
@pytest.mark.parametrize("dry", [(), ("--dry_run",)])
def test_a_journal_of_another_video_is_refused_with_what_can_be_done(
    cut_off, folder, tmp_path, happened, dry
):
    now = happened(folder)
    done = cut_off(now, *FRAMES, *dry)
    assert done.code == 1
    assert f"input was {folder / 'a.mp4'}, and is {now / 'a.mp4'} now. Repeat that" in done.err
    assert "Repeat that run's command, with its input where and as it was," in done.err
    assert is_cut_off_still(tmp_path)


@pytest.mark.parametrize("dry", [(), ("--dry_run",)])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--frames", "0-19"), "frames was 10 frames from 0 to 9, and is 20 frames from 0 to 19"),
        ((*FRAMES, "--peak_threshold", "0.3"), "--peak_threshold was 0.2, and is 0.3 now"),
        ((*FRAMES, "--batch_size", "3"), "--batch_size was 4, and is 3 now"),
        ((*FRAMES, "--threads", "7"), "threads was not given, and is 7 now"),
    ],
)
def test_another_run_is_refused_before_anything_is_done(
    cut_off, folder, tmp_path, options, told, dry
):
    done = cut_off(folder, *options, *dry)
    assert done.code == 1
    assert "belongs to another run" in done.err
    assert told in done.err
    assert is_cut_off_still(tmp_path)


def test_an_input_that_cannot_be_read_any_more_stops_no_other(cut_off, folder, tmp_path, request):
    (folder / "a.mp4").write_text("torn")
    done = cut_off(folder, *FRAMES)
    assert done.code == 1
    assert "not a video that can be read" in done.err
    is_done = (tmp_path / "out/b.predictions.slp").exists()
    assert is_done == ("many" in request.node.name)


def test_the_journal_of_a_part_stays_where_merge_opens_its_video(
    track, folder, tmp_path, cut_off_behind_one_batch
):
    words = ("--frame_range_of", "1/2", "-o", tmp_path / "a.1of2.part")
    with cut_off_behind_one_batch():
        assert track(folder / "a.mp4", *words).code == 130
    now = moved(folder)
    done = track(now / "a.mp4", *words, "--resume")
    assert done.code == 1
    assert f"input was {folder / 'a.mp4'}, and is {now / 'a.mp4'} now. Repeat that" in done.err
    now.rename(folder)
    told = track(folder / "a.mp4", *words, "--resume", "--dry_run")
    assert (told.code, "a.1of2.part.journal, which is continued" in told.out) == (0, True)
