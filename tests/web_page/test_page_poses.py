"""The page finds what ONNX Runtime finds: a real browser, driven as a person would."""

import base64
import csv
import json
from contextlib import ExitStack
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.predictors.sets import open_predictor
from sleap_rt.web_page.content import page_content
from web_page.pages import serving

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SETS = (
    ("single_instance",),
    ("bottomup",),
    ("multi_class_bottomup",),
    ("centroid",),
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
)
MOST_PX = 0.01  # the limit
MOST_SCORE = 1e-4  # as for the certificate of an export
N_FRAMES = 3
TITLE = "<b>flies</b> &amp;"  # a text, whatever it looks like
LOW = 0.05  # a threshold that gives peaks where there is next to nothing
SOFTWARE_GPU = (
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    "--use-vulkan=swiftshader",
)

pytestmark = [pytest.mark.engine, pytest.mark.e2e]


def expected(paths, frames, **options):
    """What ONNX Runtime finds in frames of one shape."""
    decode, engine = DecodeOptions(**options), EngineOptions(engine="ort", device="cpu")
    predictor = open_predictor(paths, decode, engine)
    try:
        return predictor.predict(np.stack(frames), range(len(frames)))
    finally:
        predictor.close()


def values(rows, name):
    """One value of all instances, NaN for null."""
    return np.array([row[name] for row in rows], np.float64)


def check(said, wanted, class_names=()):
    """Compare what a page saved with what ONNX Runtime found."""
    assert said["errors"] == []
    assert said["problem"] == ""
    found = json.loads(Path(said["json"]).read_text(encoding="utf8"))["frames"]
    assert [frame["frame_idx"] for frame in found] == [frame.frame_index for frame in wanted]
    for frame, there in zip(found, wanted, strict=True):
        rows = frame["instances"]
        assert len(rows) == len(there)
        if not rows:
            continue
        points = values(rows, "points")
        np.testing.assert_allclose(points, there.points, rtol=0, atol=MOST_PX)
        seen = ~np.isnan(there.points[..., 0])
        for name, scores in (("point_scores", there.point_scores[seen]), ("score", there.scores)):
            here = values(rows, name)
            here = here[seen] if name == "point_scores" else here
            np.testing.assert_allclose(here, scores, rtol=0, atol=MOST_SCORE)
        names = [None if i < 0 else class_names[i] for i in there.track_ids]
        assert [row["track"] for row in rows] == names


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Gray and coloured frames as PNG files, and their pixels."""
    folder = tmp_path_factory.mktemp("images")
    with VideoFile(SAMPLES / "crawlers.mp4") as clip:
        gray = [clip.read(50 * number) for number in range(N_FRAMES)]
    tint = np.array([1.0, 0.8, 0.6])
    colored = [np.round(frame * tint).astype(np.uint8) for frame in gray]
    files = {}
    for name, frames in (("gray", gray), ("colored", colored)):
        files[name] = [str(folder / f"{name}_{number}.png") for number in range(N_FRAMES)]
        for file, frame in zip(files[name], frames, strict=True):
            Image.fromarray(frame.squeeze()).save(file)
    return {"gray": (files["gray"], gray), "colored": (files["colored"], colored)}


@pytest.fixture
def addresses(built, sample_graphs):
    """Serves a page of each set that is asked for."""
    with ExitStack() as stack:

        def address(names):
            graphs = GraphSet.read(sample_graphs(*names))
            return stack.enter_context(serving(page_content(graphs, TITLE))).address

        yield address


def test_every_set_of_models_gives_the_poses_of_onnx_runtime(
    browse, addresses, images, sample_graphs
):
    jobs, wanted = [], []
    for number, names in enumerate(SETS):
        files, frames = images["colored" if number % 2 else "gray"]
        jobs.append({"url": addresses(names), "files": files, "threshold": LOW})
        wanted.append(expected(sample_graphs(*names), frames, peak_threshold=LOW))
    said = browse(jobs, "--disable-gpu")
    for one, result, names in zip(said, wanted, SETS, strict=True):
        check(one, result, GraphSet.read(sample_graphs(*names)).class_names)
    assert all(len(frame) for result in wanted for frame in result)
    for one, job in zip(said, jobs, strict=True):
        assert one["title"] == TITLE
        assert one["engine"].startswith("Runs on WebAssembly (")
        assert "certified poses within 0.00" in one["engine"]
        # Isolated, and nothing but its own server is asked for anything.
        assert one["isolated"]
        assert all(address.startswith((job["url"], "blob:")) for address in one["requests"])


def test_a_video_gives_the_poses_and_the_table_of_track(browse, addresses, sample_graphs, tmp_path):
    """VP9, which every Chromium decodes; frames are reordered, and have colours."""
    clip = tmp_path / "clip.webm"
    _encode(clip, 20)
    with VideoFile(clip) as video:
        frames = [video.read(number) for number in range(video.n_frames)]
    wanted = expected(sample_graphs("bottomup"), frames)
    job = {"url": addresses(("bottomup",)), "files": [str(clip)]}
    said, stopped = browse([job, job | {"stops": True}], "--disable-gpu")
    check(said, wanted)
    assert stopped["label"] == "Go on"
    assert stopped["state"].startswith("Stopped: ")
    kept = json.loads(Path(stopped["json"]).read_text(encoding="utf8"))["frames"]
    assert 0 < len(kept) < 20
    check(stopped, wanted[: len(kept)])
    assert "20 frames of clip.webm" in said["state"]
    assert said["csv_name"] == "clip.predictions.csv"
    table = Path(said["csv"]).read_text(encoding="utf8")
    rows = list(csv.DictReader(table.splitlines()))
    assert [int(row["frame_idx"]) for row in rows] == [
        frame.frame_index for frame in wanted for _ in range(len(frame))
    ]
    nodes = GraphSet.read(sample_graphs("bottomup")).skeleton.node_names
    found = [[row[f"{node}.{axis}"] or "nan" for node in nodes for axis in "xy"] for row in rows]
    points = np.concatenate([frame.points for frame in wanted]).reshape(len(rows), -1)
    np.testing.assert_allclose(np.array(found, float), points, rtol=0, atol=MOST_PX)


def _encode(path, n_frames):
    with VideoFile(SAMPLES / "crawlers.mp4") as source, av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=25, options={"crf": "10", "b": "0"})
        stream.height, stream.width, _ = source.shape
        stream.pix_fmt = "yuv420p"
        for number in range(n_frames):
            image = np.round(source.read(9 * number) * [1, 0.9, 0.8]).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def test_files_that_are_no_frames_are_refused_in_words(browse, addresses, images, tmp_path):
    (tmp_path / "notes.mp4").write_bytes(b"no video at all" * 100)
    Image.fromarray(np.zeros((40, 40, 4), np.uint8)).save(tmp_path / "clear.png")
    Image.fromarray(np.zeros((40, 40), np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "broken.png").write_bytes(Path(images["gray"][0][0]).read_bytes()[:90])
    url = addresses(("single_instance",))
    cases = {
        ("notes.mp4",): "is no video that a browser reads",
        ("clear.png",): "has transparent parts",
        ("deep.png",): "has 16 bits per channel",
        ("broken.png",): "cannot read the image",
        ("notes.mp4", "deep.png"): "Give one video, or images only",
    }
    jobs = [{"url": url, "files": [str(tmp_path / name) for name in names]} for names in cases]
    for said, told in zip(browse(jobs, "--disable-gpu"), cases.values(), strict=True):
        assert told in said["problem"]


def test_poses_that_are_not_the_certified_ones_are_not_shown(browse, built, sample_graphs):
    content = dict(page_content(GraphSet.read(sample_graphs("single_instance")), "x"))
    sample = json.loads(content["models/single_instance.sample.json"])
    sample["feed"]["peak_threshold"]["data"] = base64.b64encode(np.float32(9).tobytes()).decode()
    content["models/single_instance.sample.json"] = json.dumps(sample).encode()
    with serving(content) as server:
        (said,) = browse([{"url": server.address}], "--disable-gpu")
    assert said["engine"] == "The model could not be opened."
    assert "gives other poses than the certified ones" in said["problem"]


def test_webgpu_gives_the_same_poses_and_is_proven_first(
    browse, addresses, images, sample_graphs, tmp_path
):
    """On a GPU in software, which is right but slow; a real one is left to the page's own proof."""
    part = images["gray"][1][0][60:124, 80:160]
    Image.fromarray(part.squeeze()).save(tmp_path / "part.png")
    job = {
        "url": addresses(("single_instance",)),
        "engine": "webgpu",
        "threshold": LOW,
        "files": [str(tmp_path / "part.png")],
    }
    (said,) = browse([job], *SOFTWARE_GPU)
    if "WebGPU was asked for, but" in said["problem"]:
        pytest.skip(f"this Chromium: {said['problem']}")
    assert said["engine"].startswith("Runs on WebGPU (")
    assert "certified poses within 0.00" in said["engine"]
    wanted = expected(sample_graphs("single_instance"), [part], peak_threshold=LOW)
    assert len(wanted[0])
    check(said, wanted)
