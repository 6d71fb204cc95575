"""What is MNN's own: its cache of networks, its shapes, its silence, and what it refuses."""

import subprocess
import sys

import numpy as np
import pytest

from sleap_rt.cli import main
from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import _mnn_network, mnn, open_engine
from sleap_rt.runtime.inspect.verify import read_sample, verify_graph

pytest.importorskip("onnxruntime")
if mnn.why_not("cpu") is not None:
    pytest.skip(f"{mnn.why_not('cpu')}", allow_module_level=True)
pytestmark = pytest.mark.engine
MNN = EngineOptions(engine="mnn", device="cpu", threads=2)
_PX_OF_A_FRAME = 128 * 176  # of the stored sample, as the network sees it


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/sleap-rt/engines"


@pytest.fixture
def conversions(monkeypatch):
    """Sizes of the networks that are converted."""
    found = []

    def counted(network):
        found.append(len(network))
        return _mnn_network.convert(network)

    monkeypatch.setattr(mnn, "convert", counted)
    return found


def outputs_of(graph, feed, options=MNN):
    engine = open_engine(graph, options)
    try:
        return engine.run(feed)
    finally:
        engine.close()


def test_a_network_is_converted_once(sample_graphs, cache, conversions):
    (graph,) = sample_graphs("single_instance")
    feed = read_sample(graph).feed
    first, second = outputs_of(graph, feed), outputs_of(graph, feed)
    assert len(conversions) == 1
    assert len(list(cache.glob("*.engine"))) == 1
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_a_damaged_network_is_converted_again(sample_graphs, cache, conversions):
    (graph,) = sample_graphs("single_instance")
    outputs_of(graph, read_sample(graph).feed)
    (entry,) = cache.glob("*.engine")
    entry.write_bytes(entry.read_bytes()[:-1] + b"?")
    outputs_of(graph, read_sample(graph).feed)
    assert len(conversions) == 2


@pytest.mark.parametrize("n_at_once", [1, 2, 9])
def test_batches_of_changing_length_change_nothing(sample_graphs, cache, monkeypatch, n_at_once):
    """Each frame alone, then all in batches that grow and shrink; and so a session serves them."""
    monkeypatch.setattr(_mnn_network, "_MOST_PX", n_at_once * _PX_OF_A_FRAME)
    (graph,) = sample_graphs("bottomup")
    feed = read_sample(graph).feed
    frames = np.concatenate([feed["frames"], feed["frames"][:, ::-1]])
    frames = np.concatenate([frames] * 4)[:7]
    engine = open_engine(graph, MNN)
    alone = [engine.run({**feed, "frames": frames[i : i + 1]}) for i in range(len(frames))]
    for start, stop in ((0, 7), (0, 1), (2, 5), (0, 7), (6, 7)):
        found = engine.run({**feed, "frames": frames[start:stop]})
        for name in ("confmaps", "pafs"):
            expected = np.concatenate([one[name] for one in alone[start:stop]])
            np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-3)
        expected = np.concatenate([one["n_candidates"] for one in alone[start:stop]])
        np.testing.assert_array_equal(found["n_candidates"], expected)
    engine.close()


def test_a_size_that_the_network_cannot_take_is_told(sample_graphs, cache):
    (graph,) = sample_graphs("bottomup")
    engine = mnn.MnnEngine(graph, MNN)
    with pytest.raises(
        EngineError, match=r"cannot run the network on an input of \(1, 1, 63, 65\)"
    ):
        engine._network.run(np.zeros((1, 1, 63, 65), np.float32))
    feed = read_sample(graph).feed
    assert engine.run(feed)["peaks"].size  # and the next run is not the worse for it
    engine.close()


def test_standard_output_stays_the_callers(sample_graphs):
    (graph,) = sample_graphs("single_instance")
    code = "import sys; from pathlib import Path; from sleap_rt.options import EngineOptions\n"
    code += "from sleap_rt.runtime.inspect.verify import verify_graph\n"
    code += "result = verify_graph(Path(sys.argv[1]), EngineOptions(engine='mnn', device='cpu'))\n"
    code += "print(result.passed)"
    done = subprocess.run([sys.executable, "-c", code, str(graph)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_nothing_is_installed_or_sent_by_its_tools(sample_graphs, cache):
    """`MNN.tools` runs pip and reports to its makers when it is imported."""
    (graph,) = sample_graphs("single_instance")
    outputs_of(graph, read_sample(graph).feed)
    assert not [name for name in sys.modules if name.startswith("MNN.tools")]
    assert "MNN" not in _mnn_network._CONVERTER


def test_what_is_no_network_is_refused_in_words():
    with pytest.raises(EngineError, match="MNN cannot convert the network: "):
        _mnn_network.convert(b"no graph")


def test_int8_is_refused_in_words(int8_graph):
    with pytest.raises(EngineError, match=r"in int8, and MNN runs it in fp32 only\. Export"):
        open_engine(int8_graph, MNN)


def test_without_the_package_one_line_says_what_to_install(sample_graphs, monkeypatch, capsys):
    (graph,) = sample_graphs("single_instance")
    monkeypatch.setitem(sys.modules, "MNN", None)
    with pytest.raises(SystemExit) as left:
        main(["verify", str(graph), "--engine", "mnn"])
    assert left.value.code == 1
    told = capsys.readouterr().err.strip()
    assert "[cpu,mnn]'" in told
    assert "\n" not in told


def test_rounding_beyond_the_limits_fails(shared_data, exported):
    """This model is trained so little that its largest values are many, and all but equal."""
    (graph,) = exported([shared_data / "native/multiclass_bottomup"])
    assert not verify_graph(graph, MNN).passed
    assert verify_graph(graph, EngineOptions(engine="ort", device="cpu")).passed
