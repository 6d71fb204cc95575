"""The table of docs/models.md holds what `info --verbose` prints, by the names that it prints."""

import json
import re
from dataclasses import fields
from pathlib import Path

import h5py
import pytest

from sleap_rt.contract import Certificate, Decoding, PoseLoss, Preprocessing, Provenance
from sleap_rt.workflows.inspect.facts_in_words import LABELS, facts_in_words

ROOT = Path(__file__).resolve().parents[2]
CLEAR = {  # names that say all, and what the sentences above them have told
    *("file", "stored as", "kind", "precision", "skeleton", "nodes", "edges", "symmetries"),
    *("preprocessing", "decoding", "certificate", "provenance", "training", "compute"),
    *("parameters", "classes", "notes", "engines"),
}


def documented():
    """Section -> {name in JSON: label}, of the table."""
    page = (ROOT / "docs/models.md").read_text("utf-8")
    table = page.split("## What `info` says of a model")[1].split("\n## ")[0]
    sections = {label: section for name in LABELS for section, label in [(name, name)] if name}
    sections |= {LABELS["certificate"]["poses"]: "poses"}
    found: dict[str, dict[str, str]] = {"": {}}
    section = ""
    for label, names in re.findall(r"^\| (.+?) \| (.*?) ?\| .*$", table, re.MULTILINE)[1:]:
        if label.startswith("**"):
            section = sections[label.strip("*")]
            found[section] = {}
            continue
        labels, keys = label.split(", "), re.findall(r"`(\w+)`", names)
        labels = [label] if len(keys) == 1 else labels
        found[section] |= dict(zip(keys, labels, strict=True))
    return found


def test_the_table_has_every_name_that_is_printed_in_its_section():
    wanted = {section: dict(labels) for section, labels in LABELS.items()}
    del wanted["certificate"]["poses"]  # heads its section
    assert documented() == wanted


@pytest.mark.parametrize(
    ("section", "layout"),
    [
        ("preprocessing", Preprocessing),
        ("decoding", Decoding),
        ("certificate", Certificate),
        ("poses", PoseLoss),
        ("provenance", Provenance),
    ],
)
def test_every_fact_of_a_graph_has_words(section, layout):
    assert {*LABELS[section]} == {field.name for field in fields(layout)}


def labels_in(facts, section=""):
    for name, label, value in facts_in_words(facts, section):
        yield label
        if isinstance(value, dict) and name not in ("training", "engines"):
            yield from labels_in(value, name)


@pytest.mark.export
@pytest.mark.parametrize("kind", ["bottomup", "centered_instance", "multi_class_topdown"])
def test_whatever_is_printed_of_a_model_is_in_the_table(call, kind):
    (facts,) = json.loads(call("info", ROOT / "samples/models" / kind, "--verbose", "--json").out)
    there = {label for labels in documented().values() for label in labels.values()}
    assert {*labels_in(facts)} <= there | CLEAR


def test_values_are_in_words_for_people_and_as_they_are_in_json(call, sample_graphs):
    centroid, crops = sample_graphs("centroid", "centered_instance")
    told = call("info", crops, "--verbose").out
    assert re.search(r"^  colours of frames: +as they come$", told, re.MULTILINE)
    assert re.search(r"^  crops are cut: +ahead of scaling$", told, re.MULTILINE)
    assert json.loads(call("info", crops, "--json").out)[0]["preprocessing"]["crop_unit"] == "sized"
    assert "crops are cut" not in call("info", centroid, "--verbose").out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("poses.h5", "is an analysis file, which holds poses for plotting, not a model"),
        ("poses.csv", "is a table, not a model; results to go on with are `.slp` files"),
        ("poses.nwb", "is an NWB file, not a model"),
    ],
)
def test_results_in_place_of_a_model_are_called_so(call, tmp_path, name, words):
    path = tmp_path / name
    with h5py.File(path, "w") as file:
        for dataset in ("tracks", "track_occupancy", "node_names"):
            file[dataset] = 0
    done = call("info", path)
    assert done.code == 2
    assert f"{path} {words}" in done.err
