"""Opens models; an engine that was not seen with them on this machine replays their samples first.

A processor, a driver or a version of an engine may compute wrongly what others compute right. What
was found is kept beside the trials, so that this is done once.
"""

from collections.abc import Callable, Sequence

from sleap_rt.errors import EngineError, ModelError
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import certifying_engine, choose_engine, declarations
from sleap_rt.runtime.inspect.objection import excess
from sleap_rt.runtime.inspect.trial_store import TrialKey, keep_trials, read_trials, trial_key
from sleap_rt.runtime.inspect.trials import Evidence
from sleap_rt.runtime.inspect.verify import N_RUNS, Verification, verify_graph
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.words import as_typed

Warn = Callable[[str], None]


def open_checked(
    graphs: GraphSet,
    decode: DecodeOptions,
    engine: EngineOptions,
    raw: Sequence[str] = (),
    *,
    match_known: bool = False,
    n_at_once: int = 1,
    warn: Warn,
) -> Predictor:
    """`open_predictor`, on an engine that computes these graphs right here.

    Args:
        graphs: as of `open_predictor`, as the other arguments.
        decode: thresholds and grouping.
        engine: what runs the graphs.
        raw: names of raw outputs.
        match_known: centroids take over poses of labelled animals.
        n_at_once: batches of the run to come that may go side by side.
        warn: told where the engine rounds more than the certificate allows.

    Raises:
        EngineError: the engine computes a graph wrongly; or as `open_predictor`.
        ModelError, OptionError: as `open_predictor`.
    """
    engine = choose_engine(engine, graphs.precisions).options
    check_at_first_sight(graphs, engine, warn)
    return open_predictor(graphs, decode, engine, raw, match_known=match_known, n_at_once=n_at_once)


def check_at_first_sight(graphs: GraphSet, engine: EngineOptions, warn: Warn) -> None:
    """Replay the graphs' samples, unless this engine passed before on this machine.

    Args:
        graphs: of a run.
        engine: settled.
        warn: told where the engine rounds more than the certificate allows.

    Raises:
        EngineError: the engine cannot be opened, or computes a graph wrongly.
    """
    # Other engines, too, leave a part of the graph to the one that certifies.
    key = trial_key(graphs.paths, (), (engine.engine, certifying_engine()), {}, engine.device)
    evidence = read_trials(key)
    if evidence is None:
        try:
            found = _replayed(graphs, engine, key)
        except ModelError as error:  # exported before samples were stored
            warn(f"engine {engine.engine} was not checked: {error}")
            return
        evidence = Evidence(trials=(), left_out={engine.engine: found} if found else {})
        keep_trials(key, evidence, warn)
    for objection in evidence.left_out.values():
        warn(
            f"engine {engine.engine} exceeds the limits of the certificate: {objection}. "
            "Without --engine it is not chosen for this model."
        )


def _replayed(graphs: GraphSet, engine: EngineOptions, key: TrialKey) -> str:
    """By how much the engine exceeds the limits, by its rounding; empty where it keeps them."""
    on_cpu = engine.device == "cpu"
    n_runs = 1 if on_cpu else N_RUNS  # GPUs run what repeats in another way: as a recording
    objection = ""
    for path in graphs.paths:
        found = verify_graph(path, engine, n_runs)
        if found.passed:
            continue
        certified_on_it = on_cpu and declarations()[engine.engine].certifies
        if certified_on_it or not found.is_rounding:
            raise EngineError(_wrong(found, key))
        objection = objection or excess(found)
    return objection


def _wrong(found: Verification, key: TrialKey) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in key.versions.items())
    return (
        f"Engine {found.engine} computes {found.path} wrongly on this machine ({key.cpu}, device "
        f"{found.device}; {versions}): {excess(found)}, by the sample that the file carries. "
        "Nothing was predicted. Choose another --engine, or install another version of this one; "
        f"`sleap-nn verify {as_typed(found.path)} --engine {found.engine}` repeats the check."
    )
