"""A journal is compared ahead of the run as the run compares it once its engine is open."""

from dataclasses import replace

import pytest

from sleap_rt.errors import DataError
from sleap_rt.options import EngineOptions, SelectionOptions
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.predict import planned
from sleap_rt.workflows.run_identity.continued import check_continued
from sleap_rt.workflows.run_identity.identity import Predictors, run_identity
from sleap_rt.workflows.running.predicting import asked_of_engine
from sleap_rt.workflows.tuning import settled_like


@pytest.mark.parametrize(
    ("asked", "ran_on", "is_same"),
    [
        ("cuda", "cuda:0", True),
        ("cuda:0", "cuda:0", True),
        ("cuda:1", "cuda:0", False),
        ("cuda", "cpu", False),
        ("cpu", "cpu", True),
        ("cpu", "cuda:0", False),
    ],
)
def test_devices_are_told_apart_before_they_are_opened(
    request, sample_graphs, tmp_path, asked, ran_on, is_same
):
    options = PredictionOptions(
        engine=EngineOptions(engine="ort", device=asked),
        selection=SelectionOptions(frames=(0, 1)),
        output_path=tmp_path / "out.slp",
    )
    clip = request.config.rootpath / "samples/crawlers.mp4"
    with planned(clip, sample_graphs("bottomup"), options) as (plan, opened):
        begun = settled_like(plan, plan)
        ort = Predictors(plan.models, "ort", ran_on, asked_of_engine(plan))
        assert plan.journal_path is not None
        with Journal(plan.journal_path, pytest.fail) as journal:
            journal.begin(run_identity(opened, ort, begun, None), resume=None)
            again = replace(plan, options=replace(plan.options, resume=True))
            if is_same:
                check_continued(again, opened)
            else:
                with pytest.raises(DataError, match=f"device was {ran_on}, and is {asked} now"):
                    check_continued(again, opened)
