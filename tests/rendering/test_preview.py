"""`track --preview`: a sheet of a few frames beside the result."""

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import sleap_rt
from sleap_rt.errors import OptionError, as_keywords
from sleap_rt.rendering import contact_sheet
from sleap_rt.runtime.frames.video import VideoFile

RED = (255, 100, 100)
WIDTH, HEIGHT, GAP, LINE = 640, 494, 12, 26  # of a panel of 324x250 px, and around it


def sheet_of(path):
    return np.asarray(PIL.Image.open(path))


def test_pictures_stand_two_in_a_row_above_their_captions():
    colors = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    panels = [(np.full((40, 60, 3), color, np.uint8), str(color)) for color in colors]
    sheet = contact_sheet("title", panels)
    assert sheet.shape == (2 * (40 + LINE + GAP) + GAP + LINE, 2 * (60 + GAP) + GAP, 3)
    for place, color in enumerate(colors):
        row, column = divmod(place, 2)
        y, x = GAP + LINE + row * (40 + LINE + GAP), GAP + column * (60 + GAP)
        assert (sheet[y : y + 40, x : x + 60] == color).all()
        assert (sheet[y + 42 : y + 60, x : x + 60] > 200).any()  # its caption


def test_it_shows_the_first_the_middle_and_the_last_frame_with_their_poses(result, call):
    code, out, err = call("-i", result, "-t", "-o", "out.slp", "--preview", command="track")
    assert code == 0, err
    assert "preview -> out.preview.png" in out
    assert ": sleap-nn render out.slp\n" in err
    sheet = sheet_of("out.preview.png")
    assert sheet.shape == (2 * (HEIGHT + LINE + GAP) + GAP + LINE, 2 * (WIDTH + GAP) + GAP, 3)
    scale = WIDTH / 324
    places = {2: (0, 0), 3: (0, 1), 7: (1, 0)}  # by frame: row, column
    heads = {2: (40, 50), 3: (44, 50), 7: (60, 60)}
    with VideoFile(Path("clip.mp4")) as clip:
        for index, (row, column) in places.items():
            y, x = GAP + LINE + row * (HEIGHT + LINE + GAP), GAP + column * (WIDTH + GAP)
            panel = sheet[y : y + HEIGHT, x : x + WIDTH].astype(int)
            head_x, head_y = ((one + 0.5) * scale for one in heads[index])
            assert tuple(panel[round(head_y - 0.5), round(head_x - 0.5)]) == RED
            below = PIL.Image.fromarray(clip.read(index)[..., 0]).resize((WIDTH, HEIGHT))
            assert np.abs(panel[300:] - np.asarray(below)[300:, :, None]).mean() < 3


def test_the_least_certain_frame_has_the_lowest_scores(prepared):
    from sleap_rt.workflows.show.poses import FrameTable
    from sleap_rt.workflows.show.preview import _captions, _chosen

    scores = np.array([0.9, np.nan, 0.75, 0.2, 0.8])
    table = FrameTable(np.zeros(5, int), np.arange(10, 15), np.array([1, 0, 2, 2, 1]), scores)
    assert list(_captions(table, _chosen(table))) == [
        "first: frame 10, 1 instance, mean score 0.90",
        "middle: frame 12, 2 instances, mean score 0.75",
        "least certain: frame 13, 2 instances, mean score 0.20",
        "last: frame 14, 1 instance, mean score 0.80",
    ]


def test_python_draws_one_beside_each_of_several_results(prepared, result):
    shutil.copy(result, "again.slp")
    sleap_rt.run_inference([result, "again.slp"], output_path="out", tracking=True, preview=True)
    written = sorted(path.name for path in Path("out").glob("*.png"))
    assert written == ["again.predictions.preview.png", "found.predictions.preview.png"]


REFUSED = [
    ({"output_path": "out.csv"}, "preview: it is drawn from a `.slp` result, and this one is csv"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_it_is_refused_in_the_same_words_where_it_cannot_be_drawn(given, words, result, call):
    typed = [word for name, value in given.items() for word in (f"--{name}", value)]
    code, _, err = call("-i", result, "-t", "--preview", *typed, command="track")
    message = err.rpartition("Error: ")[2].rstrip("\n")
    assert (code, message.replace("--", "")) == (2, words.replace("--", ""))
    with pytest.raises(OptionError) as error:
        sleap_rt.run_inference(result, tracking=True, preview=True, **given)
    assert str(error.value) == as_keywords(words)


def test_it_is_refused_ahead_of_the_models(result):
    run = {"model_paths": "no model", "preview": True}
    with pytest.raises(OptionError, match="preview: there is no file to put it beside"):
        sleap_rt.run_inference("clip.mp4", **run)
    with pytest.raises(OptionError, match="preview: frames in memory cannot be read once more"):
        sleap_rt.run_inference(np.zeros((1, 8, 8, 1), np.uint8), output_path="x.slp", **run)
    with pytest.raises(OptionError, match="preview: a part has none"):
        sleap_rt.run_inference("clip.mp4", output_path="x.part", frame_range_of="1/2", **run)


def test_a_result_whose_video_is_missing_is_written_all_the_same(prepared, tmp_path, call):
    lost = prepared / "lost.slp"
    code, _, err = call("-i", lost, "-t", "-o", tmp_path / "out.slp", "--preview", command="track")
    assert code == 0
    assert "out.slp has no preview: These videos are missing" in err
    assert (tmp_path / "out.slp").is_file()


def test_it_takes_the_place_of_no_image(prepared, tmp_path, call, monkeypatch):
    monkeypatch.chdir(prepared)
    before = Path("images/0.preview.png").read_bytes()
    given = ("-i", "images.slp", "-t", "-o", "images/0.slp", "--preview")
    code, _, err = call(*given, command="track")
    assert code == 1
    assert "images/0.preview.png exists and is no preview that sleap-rt drew" in err
    assert not Path("images/0.slp").exists()
    code, _, err = call(*given, "--overwrite", command="track")
    assert code == 0, err
    assert "has no preview: images/0.preview.png is the input itself" in err
    assert Path("images/0.preview.png").read_bytes() == before
    Path("images/0.slp").unlink()


@pytest.mark.parametrize("model", [False, True])
def test_it_replaces_an_earlier_one_and_no_other_picture(
    result, call, sample_graphs, pytestconfig, model
):
    given = ["-i", result, "-t", "-o", "out.slp", "--preview"]
    if model:
        clip = pytestconfig.rootpath / "samples/crawlers.mp4"
        graphs = [word for path in sample_graphs("bottomup") for word in ("-m", path)]
        given = ["-i", clip, *graphs, "--frames", "0-2", "-o", "out.slp", "--preview"]
    for _ in range(2):
        assert call(*given, command="track")[0] == 0
    Path("out.preview.png").write_bytes(b"a person's picture")
    Path("out.slp").unlink()
    code, _, err = call(*given, command="track")
    assert (code, "out.preview.png exists and is no preview that sleap-rt drew" in err) == (1, True)
    assert not Path("out.slp").exists()  # it is told ahead of the run
    assert Path("out.preview.png").read_bytes() == b"a person's picture"
    assert call(*given, "--overwrite", command="track")[0] == 0
    assert sheet_of("out.preview.png").ndim == 3
