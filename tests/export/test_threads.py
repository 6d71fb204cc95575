"""Exports in several threads of one process: PyTorch cannot do it, so they wait for each other."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from sleap_rt.export import cache, exporter
from sleap_rt.export.cache import cached_graphs
from sleap_rt.runtime.graph_file import read_graph_file

MODELS = Path(__file__).resolve().parents[2] / "samples/models"


@pytest.fixture(autouse=True)
def places(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "cache")


def test_two_threads_export_two_models(tmp_path):
    kinds = ("single_instance", "bottomup")
    with ThreadPoolExecutor(2) as threads:
        exports = [
            threads.submit(exporter.export_models, [MODELS / kind], tmp_path / kind)
            for kind in kinds
        ]
        graphs = [export.result() for export in exports]
    assert [read_graph_file(path).contract.kind for (path,) in graphs] == [*kinds]


def test_a_thread_waits_for_the_same_export_and_says_so(monkeypatch):
    begun, waits, made = Event(), Event(), []
    export_models = exporter.export_models

    def slow(models, folder, *rest, **given):
        made.append(folder)
        begun.set()
        assert waits.wait(60)
        return export_models(models, folder, *rest, **given)

    def on_step(step):
        if step.what == "wait for the export of another thread" and step.seconds is None:
            waits.set()

    monkeypatch.setattr(exporter, "export_models", slow)
    model = [MODELS / "single_instance"]
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cached_graphs, model)
        assert begun.wait(60)
        second = threads.submit(cached_graphs, model, on_step=on_step)
        assert first.result() == second.result()
    assert len(made) == 1
