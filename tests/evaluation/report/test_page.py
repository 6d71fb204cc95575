"""The page: complete, self-contained, well-formed, true to the metrics."""

import re
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.cli import main
from sleap_rt.errors import DataError, OptionError
from sleap_rt.evaluation.report import plots
from sleap_rt.evaluation.report.cards import comparison_table
from sleap_rt.evaluation.report.theme import DARK_PAGE, LIGHT_PAGE, SERIES, THEMED, series_colour
from sleap_rt.evaluation.tables import Row
from sleap_rt.labels import load_labels

from ..builders import NODES, Predicted, make_labels, square
from .conftest import HOSTILE_NAME

VOID = {"meta", "br", "link", "img"}


class Outline(HTMLParser):
    """Checks that tags are balanced and collects ids, attributes and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.links, self.text = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for key, value in attrs if key == "id"]
        self.links += [value for key, value in attrs if key in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


@pytest.fixture(params=["one", "two"])
def report(request):
    run, path = request.getfixturevalue(request.param)
    return run, path.read_text(encoding="utf8")


def test_the_page_is_well_formed(report):
    _, page = report
    outline = Outline(page)
    assert len(set(outline.ids)) == len(outline.ids)
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) >= 8
    for drawing in drawings:
        ElementTree.fromstring(drawing)


def test_the_page_needs_nothing_else(report):
    _, page = report
    for link in Outline(page).links:
        assert link.startswith(("data:image/", "#"))
    assert "<script" not in page
    assert "@import" not in page
    assert not re.findall(r"url\((?!#)", page)
    assert "default-src 'none'" in page


def test_references_within_drawings_lead_somewhere(report):
    _, page = report
    targets = re.findall(r'(?:url\(#|href="#)([^)"]+)', page)
    assert targets
    assert set(targets) <= set(Outline(page).ids)


def test_headline_numbers_are_those_of_the_metrics(one):
    run, path = one
    metrics = run.evaluations[0].metrics
    found = {
        label: value
        for value, label in re.findall(
            r'<div class="card"><b>([^<]+)</b><span>([^<]+)</span>', path.read_text()
        )
    }
    assert found["mOKS"] == f"{metrics['mOKS']['mOKS']:.4f}"
    assert found["Average Distance"] == f"{metrics['distance_metrics']['avg']:.2f} px"
    assert found["HOTA"] == f"{metrics['identity_metrics']['HOTA']:.4f}"
    assert found["Identity switches"] == "2"
    assert found["Typical error"] == f"{metrics['distance_metrics']['p50']:.2f} px"
    assert found["Animals found"] == f"{metrics['detection_metrics']['recall']:.4f}"


def test_every_section_is_there(report):
    run, page = report
    for heading in (
        "Poses",
        "How large the errors are",
        "Which nodes",
        "Worst frames",
        "Identities",
        "Track timeline",
    ):
        assert f"<h2>{heading}" in page
    text = unescape("".join(Outline(page).text))
    for caption in ("OKS of matched pairs", "Error of matched nodes", "PCK;", "Mean error of each"):
        assert caption in text
    for evaluation in run.evaluations:
        for note in evaluation.notes:
            assert note in text
    assert "mice.mp4 frame 8: left, s \N{RIGHTWARDS ARROW} t" in text


def test_headline_numbers_of_several_stand_side_by_side_in_their_colours(two):
    run, path = two
    card = re.search(r'.*<div class="card">(.*?)<span>mOKS</span>', path.read_text())[1]
    found = re.findall(r'<b(?: class="best")?><i style="background:(#\w+)"></i>([\d.]+)</b>', card)
    values = [f"{e.metrics['mOKS']['mOKS']:.4f}" for e in run.evaluations]
    assert found == [(series_colour(i), value) for i, value in enumerate(values)]


def test_undefined_values_are_words(report):
    _, page = report
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)


def test_a_difference_that_is_not_printed_is_not_marked():
    row = Row("mOKS", ("mOKS",), ".2f", better=1)
    near, far = [{"mOKS": 0.761}, {"mOKS": 0.762}], [{"mOKS": 0.76}, {"mOKS": 0.77}]
    assert "best" not in comparison_table([row], near, ["a", "b"])
    assert '<td>0.76</td><td class="best">0.77</td>' in comparison_table([row], far, ["a", "b"])


def test_the_head_says_when_with_what_and_on_which_video(write, scene):
    labels = sio.load_slp(str(scene / "a.slp"), open_videos=False)
    labels.provenance |= {"model_paths": ["/models/mice"], "model_type": "bottomup"}
    labels.save(str(scene / "known.slp"), embed=False, verbose=False)
    _, path = write("head.html", "known.slp")
    page = path.read_text()
    assert "Model: bottomup (/models/mice)" in page
    assert re.search(r"Video: \S*mice\.mp4<", page)
    assert re.search(r"Evaluated on \d{4}-\d\d-\d\d<", page)


def test_every_switch_leads_to_its_picture(one):
    run, path = one
    page = path.read_text()
    links = re.findall(r'<a href="#(switch-[^"]+)">', page)
    assert len(links) == len(run.evaluations[0].metrics["identity_metrics"]["switches"]) == 2
    for link in links:
        figure = re.search(rf'<figure class="frame" id="{link}">(.*?)</figure>', page, re.DOTALL)[1]
        assert "frame 8: truth and prediction" in figure  # both animals switch there


def test_all_pictures_of_frames_have_one_shape(one):
    _, path = one
    shapes = re.findall(r'class="frame"[^>]*><svg viewBox="\S+ \S+ (\d+) (\d+)"', path.read_text())
    assert len(shapes) > 8
    ratios = [int(width) / int(height) for width, height in shapes]
    assert max(ratios) - min(ratios) < 0.2  # the video is no larger than 240 x 160 px


def test_the_best_of_several_is_bold(two):
    _, path = two
    page = path.read_text()
    row = re.search(r"<td>mOKS</td>(.*?)</tr>", page)[1]
    assert re.fullmatch(r'<td class="best">[\d.]+</td><td>[\d.]+</td>', row)
    row = re.search(r"<td>Average Distance</td>(.*?)</tr>", page)[1]
    assert re.fullmatch(r'<td class="best">[\d.]+ px</td><td>[\d.]+ px</td>', row)


def test_names_cannot_break_the_page(two):
    _, path = two
    page = path.read_text()
    assert "b<i>" not in page
    assert "b&lt;i&gt;&amp;$x$" in page
    assert HOSTILE_NAME in unescape("".join(Outline(page).text))


def test_the_same_run_writes_the_same_bytes(one, write):
    _, path = one
    _, again = write("again.html", "a.slp")
    assert again.read_bytes() == path.read_bytes()


def test_plots_follow_the_theme(report):
    _, page = report
    for plain in THEMED:
        assert plain not in page
    assert page.count("var(--text)") > 50


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("page", [LIGHT_PAGE, DARK_PAGE])
@pytest.mark.parametrize("colour", SERIES)
def test_series_stand_out_on_light_and_dark(colour, page):
    low, high = sorted((luminance(colour), luminance(page)))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_errors_of_exact_predictions_have_a_scale_in_px():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.add_subplot()
    plots.error_histogram([np.zeros((3, 4))], 0.0)(axes)
    assert axes.get_xlim() == (0, 1)
    skeleton = figure.add_subplot()
    plots.skeleton_picture(square(), [(0, 1)], NODES, np.zeros(4), 0.0)(skeleton)
    assert skeleton.collections[0].get_clim() == (0, 1)


def test_the_skeleton_takes_most_of_the_width_of_its_figure():
    figure = pytest.importorskip("matplotlib.figure").Figure((4.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    pose = np.array([[0.0, 0.0], [60.0, 5.0], [30.0, -12.0], [30.0, 12.0]])
    plots.skeleton_picture(pose, [(0, 1)], NODES, np.ones(4), 1.0)(axes)
    figure.draw_without_rendering()
    left, right = axes.transData.transform(pose)[:2, 0]
    assert (right - left) / figure.bbox.width > 0.6


def test_no_predictions_still_make_a_page(scene, write):
    labels = make_labels({0: []}, video=str(scene / "mice.mp4"))
    labels.save(str(scene / "none.slp"), verbose=False)
    _, path = write("none.html", "none.slp", tracks=False)
    page = path.read_text()
    Outline(page)
    assert "none.slp has no predicted instances" in page
    assert '<b class="words">undefined</b><span>mOKS</span>' in page
    assert "there is no error to show" in page


def test_a_missing_video_is_said_and_poses_are_drawn(scene, write):
    for name in ("truth.slp", "a.slp"):
        labels = load_labels(scene / name)
        labels.videos[0].replace_filename("gone/elsewhere.mp4", open=False)
        labels.save(str(scene / f"moved_{name}"), verbose=False)
    _, path = write("moved.html", "moved_a.slp", truth="moved_truth.slp", tracks=False)
    page = path.read_text()
    assert "the video gone/elsewhere.mp4 was not found" in page
    assert "data:image/jpeg" not in page
    assert page.count("truth and prediction") == 9


def test_poses_beside_centroids_keep_each_file_s_colour(scene, write):
    frames = {f: [Predicted([[30.0 + f, 35.0]])] for f in range(6)}
    labels = make_labels(frames, nodes=("centroid",), edges=(), video=str(scene / "mice.mp4"))
    labels.save(str(scene / "centroids.slp"), verbose=False)
    _, path = write("mixed.html", "centroids.slp", "a.slp", tracks=False)
    page = path.read_text()
    Outline(page)
    drawing = re.search(r'aria-label="PCK;.*?</svg>', page, re.DOTALL)[0]
    assert series_colour(1) in drawing
    assert series_colour(0) not in drawing
    assert "centroids: animals paired by their centers" in page
    row = re.search(r"<td>Average Distance</td>(.*?)</tr>", page)[1]
    assert "best" not in row  # px of centroids and of nodes do not compare


def test_identities_alone(write):
    _, path = write("ids.html", "a.slp", measure_poses=False)
    page = path.read_text()
    Outline(page)
    assert "<h2>Poses</h2>" not in page
    assert "<h2>Identities</h2>" in page


def test_without_matplotlib_it_is_refused_before_any_file_is_read(monkeypatch, capsys):
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"pip install .*\[report\]'"):
        plots.require_matplotlib()
    with pytest.raises(SystemExit) as exit_:
        main(["eval", "-g", "none.slp", "-p", "nothing.slp", "--report", "r.html"])
    assert exit_.value.code == 2
    assert "matplotlib, which is not installed" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_an_error_in_words(scene, write):
    with pytest.raises(DataError, match=r"report\.html cannot be written: .*mice\.mp4 is a file"):
        write("mice.mp4/report.html", "a.slp")
