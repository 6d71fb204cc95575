"""Messages name options as they were given: typed in a command, keywords in Python."""

import pytest

from sleap_rt.cli import main
from sleap_rt.errors import DataError, ModelError, as_keywords, naming, options_are_typed


@pytest.mark.parametrize(
    ("typed", "keywords"),
    [
        ("another -o, or pass --overwrite.", "another output_path, or pass overwrite=True."),
        ("Pass --resume, or --no-resume.", "Pass resume=True, or resume=False."),
        ("or pass `--engine ort --device cpu`.", "or pass `engine='ort' device='cpu'`."),
        ("choose another --engine, or wait", "choose another engine, or wait"),
        ("of axes need --video_input_format.", "of axes need video_input_format."),
        ("e.g. --frame_size 1280x1024", "e.g. frame_size=(1280, 1024)"),
        ("it is given with data_path (-i).", "it is given with data_path."),
        ("`sleap-nn export A -o B` with --engine", "`sleap-nn export A -o B` with engine"),
        ("create it with `--system-site-packages`", "create it with `--system-site-packages`"),
        ("a--resume.mp4, b/--resume.mp4, top-o", "a--resume.mp4, b/--resume.mp4, top-o"),
    ],
)
def test_python_is_told_keywords(typed, keywords):
    assert as_keywords(typed) == keywords
    assert str(DataError(typed)) == keywords
    with options_are_typed():
        assert str(DataError(typed)) == typed


def test_a_command_is_told_what_it_was_typed(tmp_path, capsys):
    (tmp_path / "there.slp").write_text("not ours")
    words = ["track", "samples/crawlers.mp4", "-m", "samples/models/bottomup"]
    with pytest.raises(SystemExit):
        main([*words, "-o", str(tmp_path / "there.slp")])
    assert "choose another -o, or pass --overwrite" in capsys.readouterr().err
    assert "overwrite=True" in str(DataError("--overwrite"))  # and Python again, from now on


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("model.heads sets none", "model: model.heads sets none"),
        ("a pose model needs its skeleton", "model: a pose model needs its skeleton"),
        ("model/best.ckpt does not exist", "model/best.ckpt does not exist"),
        ("model: damaged", "model: damaged"),
    ],
)
def test_a_path_is_named_once_also_where_it_is_a_common_word(message, named):
    with pytest.raises(ModelError) as error, naming("model"):
        raise ModelError(message)
    assert str(error.value) == named
