"""`sleap-nn render` and `sleap_rt.render` as users call them."""

import json
import re
import shlex
import shutil
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest
import sleap_io as sio

import sleap_rt
from sleap_rt.errors import DataError, OptionError, as_keywords
from sleap_rt.rendering import write_video
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.workflows.many.inputs import find_inputs

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
RED, BLUE = (255, 100, 100), (100, 100, 255)


def decoded(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        told = (stream.codec_context.name, stream.codec_context.pix_fmt, float(stream.average_rate))
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)], told


def picture(path):
    return np.asarray(PIL.Image.open(path))


def frame_of(index):
    with VideoFile(Path("clip.mp4")) as clip:
        return clip.read(index)


def near(pixel, color, tolerance=60):
    """4:2:0 video has one colour for four pixels."""
    return np.abs(pixel.astype(int) - color).max() <= tolerance


def test_a_video_shows_the_frames_that_the_result_has(result, found, call):
    code, out, err = call(result, "-o", "overlay.mp4", "--line_width", 4)
    assert code == 0, err
    assert out == "3 frames of 324x250 px, 25 frames/s, 5 instances drawn -> overlay.mp4\n"
    assert "3 frames between the first and the last are not in found.slp" in err
    assert '--frames "2-7"' in err
    images, told = decoded("overlay.mp4")
    assert told == ("h264", "yuv420p", 25.0)
    assert [image.shape for image in images] == [(250, 324, 3)] * 3
    for image, (index, heads) in zip(images, found.items(), strict=True):
        assert near(image[heads[0][1], heads[0][0]], RED)
        for x, y in heads[1:]:
            assert near(image[y, x], BLUE)
        away = np.abs(image[160:].astype(int) - frame_of(index)[160:])
        assert away.mean() < 3
    assert sorted(path.name for path in Path().iterdir()) == [
        "clip.mp4",
        "found.slp",
        "overlay.mp4",
    ]


def test_frames_are_chosen_also_those_without_animals(result, call):
    code, out, err = call(result, "overlay.mkv", "--frames", "0-3")
    assert code == 2
    assert "2 results were given" in err
    code, out, err = call("-i", result, "-o", "overlay.mkv", "--frames", "0-3,9999", "--fps", "5")
    assert (code, out[:8]) == (0, "4 frames"), err
    assert "1 frame asked for does not exist; the video has frames 0 to 179" in err
    images, told = decoded("overlay.mkv")
    assert (len(images), told[2]) == (4, 5.0)
    assert np.abs(images[0].astype(int) - frame_of(0)).mean() < 3


def test_pictures_are_exact_away_from_the_animals(result, call):
    assert call(result, "-o", "one.png")[0] == 0
    first = picture("one.png")
    assert tuple(first[50, 40]) == RED
    assert (first[160:] == frame_of(2)[160:]).all()
    done = call(result, "-o", "some.png", "--frames", "3,7,100")
    assert (done[0], done[1].rpartition("-> ")[2]) == (0, "some.003.png ... some.100.png\n")
    assert call(result, "-o", "two.png", "--frames", "3,7")[1].endswith(
        "-> two.003.png and two.007.png\n"
    )
    names = ["some.003.png", "some.007.png", "some.100.png"]
    assert sorted(path.name for path in Path().glob("some*")) == names
    assert (picture("some.100.png") == frame_of(100)).all()
    assert tuple(picture("some.007.png")[100, 204]) == BLUE


def test_a_part_and_some_tracks_are_shown_larger(result, call):
    words = ("--crop", "190,90,250,131", "--tracks", "b", "--scale", 2, "--frames", 3, "--json")
    code, out, _ = call(result, "-o", "part.png", *words)
    told = json.loads(out)
    assert (code, told["instances"], told["width"], told["height"]) == (0, 1, 120, 82)
    assert tuple(picture("part.png")[21, 21]) == BLUE  # (200, 100), the middle of its pixel
    call(result, "-o", "a.png", "--frames", 3, "--tracks", "a")
    assert (picture("a.png")[90:130, 190:250] == frame_of(3)[90:130, 190:250]).all()


def test_without_tracks_animals_have_colors_in_pictures_and_nodes_in_videos(prepared, result, call):
    plain = shutil.copy(prepared / "plain.slp", "plain.slp")
    call(plain, "-o", "plain.png", "--frames", 3)
    assert tuple(picture("plain.png")[50, 44]) == RED
    assert tuple(picture("plain.png")[100, 200]) == BLUE
    call(plain, "-o", "plain.mp4", "--frames", 3, "--line_width", 4)
    (image,), _ = decoded("plain.mp4")
    assert near(image[50, 44], RED)
    assert near(image[100, 200], RED)
    assert near(image[70, 84], BLUE)


def test_frames_without_poses_are_told_and_are_nothing_to_draw_alone(result, call):
    code, _, err = call(result, "-o", "some.png", "--frames", "1-2")
    assert code == 0
    assert "1 of the 2 frames have no poses; found.slp has poses in frames 2 to 7" in err
    code, _, err = call(result, "-o", "none.png", "--frames", "100-101")
    assert code == 1
    assert "2 frames chosen, and they have no poses. found.slp has poses in frames 2 to 7" in err
    assert not list(Path().glob("none*"))


def test_sides_of_odd_length_gain_a_copy_of_the_last_pixels(tmp_path):
    noise = np.full((5, 7, 3), 200, np.uint8)
    write_video(tmp_path / "odd.mp4", [noise] * 2, 10)
    images, _ = decoded(tmp_path / "odd.mp4")
    assert [image.shape for image in images] == [(6, 8, 3)] * 2
    assert np.abs(images[0].astype(int) - 200).max() < 5
    with pytest.raises(DataError, match="7x5 and of 7x4 px do not go into one video"):
        write_video(tmp_path / "two.mp4", [noise, noise[1:]], 10)


def test_python_draws_the_same_and_takes_labels_in_memory(result, call):
    call(result, "-o", "typed.png", "--frames", 7, "--track_names")
    done = sleap_rt.render(result, "called.png", frames=[7], track_names=True)
    assert done.paths == (Path("called.png"),)
    assert (done.n_frames, done.n_animals, done.size, done.fps) == (1, 2, (324, 250), None)
    assert (picture("called.png") == picture("typed.png")).all()
    labels = sio.load_slp(str(result), open_videos=False)
    sleap_rt.render(labels, "memory.png", frames=[7], track_names=True)
    assert (picture("memory.png") == picture("typed.png")).all()
    with pytest.raises(OptionError, match="labels in memory have no file to name it after"):
        sleap_rt.render(labels)


def test_labels_in_memory_whose_video_is_gone_tell_what_to_name(prepared, tmp_path):
    labels = sio.load_slp(str(prepared / "lost.slp"), open_videos=False)
    with pytest.raises(DataError, match=r"gone\.mp4.* name it with video_path"):
        sleap_rt.render(labels, tmp_path / "lost.png", frames=[7])


def test_the_default_is_a_video_beside_the_result_and_never_the_video_itself(
    prepared, result, call
):
    assert call(result, "-q")[:2] == (0, "")
    assert len(decoded("found.overlay.mp4")[0]) == 3
    for video in (prepared / "clip.mp4", "clip.mp4"):
        code, _, err = call(result, "-o", video, "--overwrite", "--video_path", "clip.mp4")
        assert code == 1
        assert f"{video} is the input itself" in err
        assert len(decoded(video)[0]) == 180


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_gets_a_video_named_after_the_result(result, call, is_there):
    if is_there:
        Path("v1.0").mkdir()
    folder = "v1.0" if is_there else "overlays"
    assert call(result, "-o", folder, "-q")[:2] == (0, "")
    assert len(decoded(f"{folder}/found.overlay.mp4")[0]) == 3


def test_several_results_are_told_how_each_is_drawn(result, call):
    code, _, err = call(result, result)
    assert code == 2
    assert 'do sleap-nn render "$result" -o OVERLAYS; done' in " ".join(err.split())


def test_labels_that_are_not_read_in_slices_give_the_same(result, call):
    """A person's instance stands in place of the prediction that it was made from."""
    labels = sio.load_slp(str(result), open_videos=False)
    frame = labels[1]
    mine = sio.Instance.from_numpy(np.array([[150, 200], [160, 210.0]]), skeleton=labels.skeleton)
    mine.track, mine.from_predicted = frame.instances[0].track, frame.instances[0]
    labels.labeled_frames[1].instances.append(mine)
    labels.labeled_frames.reverse()
    labels.save("mixed.slp", verbose=False)
    call("mixed.slp", "-o", "mixed.png", "--frames", "3")
    drawn = picture("mixed.png")
    assert tuple(drawn[200, 150]) == RED
    assert (drawn[50, 44] == frame_of(3)[50, 44]).all()
    assert tuple(drawn[100, 200]) == BLUE


@pytest.mark.parametrize("track", ["of the other animal", "a new one", "none"])
def test_a_correction_stands_for_its_prediction_whatever_its_track(result, call, track):
    labels = sio.load_slp(str(result), open_videos=False)
    frame = labels[1]
    old, other = frame.instances
    mine = sio.Instance.from_numpy(old.numpy() + 3, skeleton=labels.skeleton)
    mine.from_predicted = old
    tracks = {"of the other animal": other.track, "a new one": sio.Track("new"), "none": None}
    mine.track = tracks[track]
    frame.instances.append(mine)
    labels.update()
    labels.save("corrected.slp", verbose=False)
    done = call("corrected.slp", "-o", "corrected.png", "--frames", "3")
    assert "2 instances drawn" in done[1], done
    assert tuple(picture("corrected.png")[100, 200]) != tuple(frame_of(3)[100, 200])


def test_frames_that_cannot_be_decoded_are_black_and_told(result, call, monkeypatch):
    read = VideoFile.read

    def broken(self, index):
        if index == 3:
            raise sleap_rt.errors.FrameError("gone")
        return read(self, index)

    monkeypatch.setattr(VideoFile, "read", broken)
    code, _, err = call(result, "-o", "some.png", "--frames", "2,3")
    assert code == 0
    assert "frames that cannot be decoded, shown black: 1 (3)" in err
    assert (picture("some.003.png")[160:] == 0).all()
    assert tuple(picture("some.003.png")[50, 44]) == RED


def test_nothing_is_left_of_a_drawing_that_fails(result, call, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sleap_rt.workflows.show.render.write_picture", full)
    code, _, err = call(result, "-o", "one.png")
    assert (code, err.splitlines()[-1]) == (
        1,
        "Error: one.png cannot be written: No space left on device",
    )
    assert sorted(path.name for path in Path().iterdir()) == ["clip.mp4", "found.slp"]


WRONG = [
    (2, {"output_path": "x.gif"}, "output_path x.gif: must end in .mp4, .mov, .mkv, .png, .jpg"),
    (2, {"output_path": "x.png", "fps": 5.0}, "fps: no effect on pictures; leave it out"),
    (2, {"output_path": "x.mkv", "fps": 0.0001}, "fps must lie in 0.001 to 1000, got 0.0001"),
    (2, {"output_path": "x.mkv", "fps": 2000.0}, "fps must lie in 0.001 to 1000, got 2000"),
    (2, {"scale": 0.0}, "scale must be a positive number, got 0.0"),
    (2, {"scale": 20.0}, "scale must be at most 16, got 20"),
    (2, {"line_width": float("nan")}, "line_width must be a positive number, got nan"),
    (2, {"crop": (10, 10, 10, 20)}, "crop must be x1,y1,x2,y2 px from the top left"),
    (1, {"crop": (0, 0, 400, 20)}, "Crop 0,0,400,20 reaches beyond the frames of"),
    (1, {"tracks": ["c"]}, "found.slp has no track 'c'; there are a, b."),
    (2, {"tracks": ["a", ""]}, "tracks must name tracks"),
    (1, {"frames": [500]}, "none of the frames asked for exists; the video has frames 0 to 179"),
    (2, {"video_index": 3}, "video_index 3: the labels have 1 video, 0 to 0"),
    (1, {"video_path": "no.mp4"}, "video_path no.mp4: there is no such file"),
    (1, {"video_path": "clop.mp4"}, "there is no such file. Did you mean 'clip.mp4'?"),
    (1, {"video_path": "folder.png"}, "folder.png is a folder, and the poses are of a video, clip"),
    (1, {"video_path": "other.mp4"}, "other.mp4 is not the video that found.slp was made on: it"),
    (1, {"output_path": "there.png"}, "there.png exists. It is not replaced: choose another -o"),
    (1, {"output_path": "folder.png"}, "folder.png is a folder"),
    (1, {"output_path": "x" * 230 + ".png", "frames": [2, 3]}, "name has 238 bytes, and 231 are"),
    (
        1,
        {"data_path": "two.slp", "video_index": 0, "output_path": "other.mp4", "overwrite": True},
        "other.mp4 is the input itself and is never overwritten",
    ),
    (1, {"data_path": "images.slp", "video_path": "clip.mp4"}, "clip.mp4: the poses are of 2 imag"),
    (1, {"data_path": "images.slp", "video_path": "folder.png"}, "folder.png: not all of the 2 im"),
    (2, {"data_path": "clip.mp4"}, "data_path clip.mp4 is a video; name a `.slp` file with poses"),
    (1, {"data_path": "none.slp"}, "There is no labels file none.slp"),
    (
        1,
        {"data_path": "empty.slp"},
        "There are no poses to draw in empty.slp: no animal is in its 1 frame",
    ),
    (
        2,
        {"data_path": "two.slp"},
        "two.slp has poses in 2 videos, and one is shown: choose it with",
    ),
    (
        1,
        {"data_path": "lost.slp"},
        "If a file elsewhere has its frames, name it with --video_path.",
    ),
    (1, {"data_path": "plain.slp", "tracks": ["a"]}, "plain.slp has no tracks; `sleap-nn track -i"),
]


@pytest.mark.parametrize(("code", "given", "words"), WRONG)
def test_command_and_python_refuse_in_the_same_words(
    code, given, words, prepared, call, monkeypatch
):
    monkeypatch.chdir(prepared)
    before = sorted(Path().iterdir())
    given = {"data_path": "found.slp", "output_path": "new.png", **given}
    typed = [
        word
        for name, value in given.items()
        for word in (
            f"--{name}",
            ",".join(map(str, value)) if isinstance(value, list | tuple) else value,
        )
        if word is not True
    ]
    found, _, err = call(*typed)
    message = err.rpartition("Error: ")[2].rstrip("\n")
    assert found == code
    assert words in message
    data, output = given.pop("data_path"), given.pop("output_path")
    kind = OptionError if code == 2 else DataError
    with pytest.raises(kind) as error:
        sleap_rt.render(data, output, **given)
    assert str(error.value) in (as_keywords(message), message.replace("--", ""))
    assert sorted(Path().iterdir()) == before


def test_words_of_the_command_line(result, call):
    assert "Name the result: a `.slp` file with poses" in call()[2]
    assert "'1,2' is not x1,y1,x2,y2, four whole numbers of px" in call(result, "--crop", "1,2")[2]
    assert "Did you mean" in call(result, "--track", "a")[2]


def test_lists_of_a_file_are_taken(result, call):
    Path("run.yaml").write_text(
        "inputs: found.slp\noutput_path: typed.png\nframes: [3, 7]\ntracks: [a, b]\n"
        "crop: [10, 10, 110, 90]\n"
    )
    code, out, err = call("--config", "run.yaml")
    assert (code, out[:30]) == (0, "2 frames of 100x80 px, 2 insta"), err


def test_one_of_several_videos_is_chosen(prepared, tmp_path, call, monkeypatch):
    monkeypatch.chdir(prepared)
    done = call("two.slp", "-o", tmp_path / "first.png", "--video_index", 0, "--frames", "2")
    assert done[0] == 0, done[2]
    assert tuple(picture(tmp_path / "first.png")[50, 40]) == RED


def test_videos_are_numbered_as_the_file_does(prepared, tmp_path, call, monkeypatch):
    monkeypatch.chdir(prepared)
    first, second = (sio.load_slp(name, open_videos=False) for name in ("found.slp", "two.slp"))
    again, frames = first.video, [*first, *second]
    videos = [again, *second.videos]  # clip.mp4, clip.mp4, other.mp4
    twice = tmp_path / "twice.slp"
    sio.Labels(frames, videos=videos, skeletons=second.skeletons).save(twice, verbose=False)
    assert re.search(r"0 \(\S+clip.mp4\), 2 \(\S+other.mp4\)", call(twice)[2])
    code, out, err = call(twice, "--video_index", 2, "-o", tmp_path / "other.png")
    assert (code, out[:23]) == (0, "1 frame of 250x190 px, "), err


def test_names_of_every_kind_are_written(result, call):
    """FFmpeg takes what stands ahead of a colon for a protocol."""
    for name in ("a:b.mp4", "http:x.mkv", "ü '\n%d.mp4", "-o.png"):
        code, _, err = call(result, "--output_path", name, "--frames", 2)
        assert code == 0, err
        assert Path(name).stat().st_size > 0


def test_images_are_found_where_they_were_moved_to(prepared, tmp_path, call, monkeypatch):
    monkeypatch.chdir(prepared)
    shutil.copytree("images", tmp_path / "elsewhere")
    given = ("images.slp", "--video_path", tmp_path / "elsewhere", "-o", tmp_path / "frame.png")
    code, _, err = call(*given)
    assert code == 0, err
    assert tuple(picture(tmp_path / "frame.png")[50, 40]) == RED
    code, _, err = call("images.slp", "-o", "images/0.preview.png", "--overwrite")
    assert code == 1
    assert "is the input itself" in err


def test_every_command_and_example_of_the_guide_runs(prepared, tmp_path, call, monkeypatch):
    for name in ("video.mp4", "video.predictions.slp"):
        shutil.copy(prepared / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    guide = (SAMPLES.parent / "docs/render.md").read_text(encoding="utf8")
    commands = "".join(re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)).splitlines()
    assert len(commands) == 7
    for line in commands:
        _, command, *words = shlex.split(line)
        code, _, err = call(*words, command=command)
        assert code == 0, (line, err)
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    exec(compile(example, "docs/render.md", "exec"), {})
    names = r"\b(?:overlay|part|some|moved|figure|again)\.(?:\d+\.|preview\.)?(?:mp4|png|slp)\b"
    inputs = {"video.mp4", "video.predictions.slp"}
    assert {path.name for path in Path().iterdir()} - inputs == set(re.findall(names, guide))


@pytest.mark.parametrize("name", ["figure.png", "figure.jpg"])
def test_what_was_drawn_is_no_input_of_a_folder(result, call, name):
    for number in (2, 3):
        assert call(result, "-o", f"{number}.{name}", "--frames", number)[0] == 0
    assert call(result, "-o", "part.mp4", "--frames", "2-3")[0] == 0
    assert call(result, "-o", "part.mkv", "--frames", "2-3")[0] == 0
    found = find_inputs([Path()])
    assert [path.name for path in found.paths] == ["clip.mp4"]
    assert {path.name for path in found.left_out} == {"part.mp4", "part.mkv"}
    found = find_inputs([Path("clip.mp4"), Path(f"2.{name}")])
    assert [path.name for path in found.left_out] == [f"2.{name}"]


def test_a_video_beside_a_result_is_told_where_it_goes(result, call):
    code, _, err = call("clip.mp4", result)
    assert code == 2
    assert "clip.mp4 is a video: pass one that is to be written as -o" in err
