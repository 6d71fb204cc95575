"""Overrides of the training configuration on the command line; what they do is tested at export."""

import pytest

from sleap_rt.cli.options.overrides import OVERRIDES, overrides_from
from sleap_rt.options import ModelOverrides


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--ensure_rgb --ensure_grayscale", "exclude each other"),
        ("--max_height 0", "max_height must be at least 1"),
        ("--input_scale -1", "input_scale must be a positive number"),
        ("--n_points 1", "n_points must be at least 2"),
    ],
)
def test_values_that_mean_nothing_are_refused_before_a_model_is_opened(call, options, words):
    done = call("export", "nowhere", *options.split())
    assert done.code == 2
    assert words in done.err


@pytest.mark.export
@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("bottomup", "--crop_size 64", "crop_size: no effect with bottomup"),
        ("centroid", "--anchor_part wing", "anchor_part 'wing' is no node of the centroid model's"),
    ],
)
def test_what_has_no_effect_is_refused_before_the_export_is_announced(
    call, request, tmp_path, model, options, words
):
    path = request.config.rootpath / "samples/models" / model
    done = call("export", path, "-o", tmp_path / "out", *options.split())
    assert done.code == 2
    assert words in done.err
    assert "exporting" not in done.err
    assert not (tmp_path / "out").exists()


def test_every_override_has_an_option():
    fields = ModelOverrides.__dataclass_fields__
    assert len(OVERRIDES) == len(fields)
    assert overrides_from(dict.fromkeys(fields)) == ModelOverrides()
