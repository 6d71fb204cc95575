"""What was measured, kept from run to run."""

from dataclasses import replace

import pytest

from sleap_rt.runtime.inspect import trial_store
from sleap_rt.runtime.inspect.trial_store import (
    TrialKey,
    read_trials,
    stored_trials,
    trials_folder,
    write_trials,
)
from sleap_rt.runtime.inspect.trials import Evidence, Trial

KEY = TrialKey(
    graphs=("abc", "def"),
    frame_shape=(48, 64, 1),
    cpu="Loom 1",
    cores=2,
    versions={"sleap-rt": "1"},
    fixed={},
)
TRIAL = Trial(engine="ort", threads=2, batch_size=4, frames_per_second=30.5, open_seconds=0.25)
EVIDENCE = Evidence(trials=(TRIAL, replace(TRIAL, batch_size=8)), left_out={"mnn": "too rough"})


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_what_is_written_is_read_back():
    assert read_trials(KEY) is None
    assert list(stored_trials()) == []
    write_trials(KEY, EVIDENCE)
    assert read_trials(KEY) == EVIDENCE
    (stored,) = stored_trials()
    assert (stored.graphs, stored.frame_shape) == (KEY.graphs, KEY.frame_shape)
    assert stored.evidence == EVIDENCE


@pytest.mark.parametrize(
    "other",
    [
        {"graphs": ("abc",)},
        {"frame_shape": (48, 64, 3)},
        {"cpu": "Loom 2"},
        {"cores": 1},
        {"versions": {"sleap-rt": "2"}},
        {"fixed": {"threads": 1}},
        {"device": "cuda:0 of loom"},
    ],
)
def test_it_holds_for_nothing_else(other):
    write_trials(KEY, EVIDENCE)
    assert read_trials(replace(KEY, **other)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"layout": 1}', '{"layout": 99}', "\x00"])
def test_a_damaged_entry_counts_as_none(text):
    write_trials(KEY, EVIDENCE)
    (path,) = trials_folder().glob("*.json")
    path.write_text(text)
    assert read_trials(KEY) is None
    assert list(stored_trials()) == []
    write_trials(KEY, EVIDENCE)
    assert read_trials(KEY) == EVIDENCE


def test_an_entry_with_a_speed_of_nothing_counts_as_none():
    write_trials(KEY, EVIDENCE)
    (path,) = trials_folder().glob("*.json")
    for value in ("0", '"fast"', "null"):
        path.write_text(path.read_text().replace("30.5", value, 1))
        assert read_trials(KEY) is None


def test_a_key_names_the_graphs_and_the_versions(sample_graphs, monkeypatch):
    (graph,) = sample_graphs("single_instance")
    key = trial_store.trial_key([graph], (4, 5, 1), ["ort"], {"threads": 3, "batch_size": None})
    assert key.fixed == {"threads": 3}
    assert len(key.graphs[0]) == 64
    assert {"sleap-rt", "onnxruntime"} <= set(key.versions)
    assert key.cores >= 1
    assert key.cpu
