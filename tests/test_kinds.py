"""Which models go together, and which options they name."""

from dataclasses import fields
from itertools import permutations

import pytest

from sleap_rt.errors import ModelError
from sleap_rt.kinds import KINDS, supported_set
from sleap_rt.kinds import SETS as ROWS
from sleap_rt.options import DecodeOptions, ModelOverrides
from sleap_rt.runtime.predictors import sets

SETS = [
    ("single_instance",),
    ("centroid",),
    ("centered_instance",),
    ("bottomup",),
    ("multi_class_bottomup",),
    ("multi_class_topdown",),
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
]


@pytest.mark.parametrize("kinds", SETS)
def test_a_set_is_taken_in_any_order_and_run_first_stage_first(kinds):
    for given in permutations(kinds):
        assert supported_set(list(given)) == kinds


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([], "No model was given"),
        (["centroid", "single_instance"], "centroid and single_instance do not go together"),
        (["bottomup", "centered_instance"], "bottomup and centered_instance do not go together"),
        (["centroid", "centroid"], "2 centroid models were given"),
        (["centroid", "centered_instance", "centroid"], "2 centroid models were given"),
        (["centroid", "centered_instance", "bottomup"], "do not go together"),
    ],
)
def test_anything_else_is_refused_with_the_list_of_sets(kinds, words):
    with pytest.raises(ModelError, match=words) as refusal:
        supported_set(kinds)
    for supported in SETS:
        assert " + ".join(supported) in str(refusal.value)


def test_the_tables_name_options_that_there_are():
    overrides = {field.name for field in fields(ModelOverrides)}
    assert all(row.overrides <= overrides for row in KINDS.values())
    options = {field.name for field in fields(DecodeOptions)}
    assert set().union(*(row.options for row in ROWS.values())) == options


def test_every_set_has_a_predictor():
    assert set(sets._PREDICTORS) == set(ROWS) == set(SETS)
