"""What the first stage of a pair decides for both."""

from typing import Any

import pytest
from fakes import graph_contract
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.models.pairs import in_order
from sleap_rt.models.trained import TrainedModel

NETWORK = nn.Identity()  # one, so that models are equal where their settings are


def trained(family: str, kind: str, **preprocessing: Any) -> TrainedModel:
    usual = {"channels": "grayscale", "crop_size": None if kind == "centroid" else (64, 64)}
    return TrainedModel.of(graph_contract(kind, family=family, **(usual | preprocessing)), NETWORK)


@pytest.mark.parametrize("family", ["native", "legacy"])
def test_one_model_stays_as_it_is(family):
    model = trained(family, "centered_instance", max_height=100, fit_largest=True)
    assert in_order([model]) == [model]


def test_stages_come_in_the_order_in_which_they_run():
    pair = [trained("native", "multi_class_topdown"), trained("native", "centroid")]
    assert in_order(pair) == in_order(pair[::-1]) == pair[::-1]


def test_models_that_do_not_go_together_are_refused():
    with pytest.raises(ModelError, match="2 centroid models"):
        in_order([trained("native", "centroid")] * 2)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ((100, 200), (300, 400), (100, 200)),
        ((None, None), (300, 400), (300, 400)),
        ((100, None), (300, 400), (100, 400)),
        ((100, 200), (None, None), (100, 200)),
        ((None, None), (None, None), (None, None)),
    ],
)
def test_a_side_that_a_native_centroid_model_leaves_open_is_the_other_models(first, second, both):
    pair = [
        trained("native", "centroid", max_height=first[0], max_width=first[1]),
        trained(
            "native",
            "centered_instance",
            max_height=second[0],
            max_width=second[1],
            channels="rgb",
            input_scale=0.5,
        ),
    ]
    centroid, instance = in_order(pair)
    for model in (centroid, instance):
        assert (model.preprocessing.max_height, model.preprocessing.max_width) == both
    assert (instance.preprocessing.channels, instance.preprocessing.input_scale) == ("rgb", 0.5)
    assert centroid.preprocessing.channels == "grayscale"


@pytest.mark.parametrize(
    ("size", "fit_largest"), [((100, 200), False), ((None, None), True), ((None, None), False)]
)
def test_a_legacy_centroid_model_decides_size_and_channels_for_both(size, fit_largest):
    sized = {"max_height": size[0], "max_width": size[1], "fit_largest": fit_largest}
    own = {"max_height": 300, "max_width": 400, "in_channels": 3, "input_scale": 0.5}
    pair = [
        trained("legacy", "centroid", **sized),
        trained("legacy", "centered_instance", channels="rgb", **own),
    ]
    centroid, instance = in_order(pair)
    assert centroid == pair[0]
    assert instance == trained("legacy", "centered_instance", **(own | sized))


def test_a_legacy_pair_with_identities_in_crops_matches_no_sizes():
    pair = [
        trained("legacy", "centroid", max_height=100, max_width=200),
        trained("legacy", "multi_class_topdown", channels="rgb", in_channels=3),
    ]
    centroid, instance = in_order(pair)
    assert centroid == trained("legacy", "centroid")
    assert instance == trained("legacy", "multi_class_topdown", in_channels=3)
    open_size = [trained("legacy", "centroid", fit_largest=True), pair[1]]
    assert [model.preprocessing.fit_largest for model in in_order(open_size)] == [False, False]
