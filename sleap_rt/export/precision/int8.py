"""Certified float32 graphs in, the same graphs with networks in int8 out, with what that costs."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from sleap_rt.contract import Certificate, GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.export.onnx_file import save
from sleap_rt.export.precision.calibration import CalibrationFrames
from sleap_rt.export.precision.quantize import quantized
from sleap_rt.export.precision.reduced_contract import reduced_contract
from sleap_rt.export.proof.poses import certificate_of, measure
from sleap_rt.export.proof.sample import add_sample

_N_TRIALS = 8  # frames to choose the sample from

ExportedGraph = tuple[Path, GraphContract]


def in_int8(
    exact: Sequence[ExportedGraph], frames: CalibrationFrames, folder: Path
) -> list[ExportedGraph]:
    """Quantize the graphs of one set, and compare the poses they find.

    Args:
        exact: in float32, certified, first stage first.
        frames: to calibrate and to compare on.
        folder: receives the graphs in int8.

    Returns:
        The graphs in int8, in that order, each with a sample to replay.

    Raises:
        ModelError: poses lose more than the limits, and that is not allowed; or there are none.
    """
    centroid = exact[0][0] if len(exact) == 2 else None
    protos = []
    for path, contract in exact:
        proto = quantized(path, frames.feeds(contract, centroid))
        save(proto, reduced_contract(contract, "int8"), folder / path.name)
        protos.append(proto)
    made = []
    for i, proto in enumerate(protos):
        # A centroid model is measured alone, a crop model behind its centroid model.
        paths = [path for path, _ in exact[: i + 1]]
        path, contract = folder / paths[-1].name, exact[i][1]
        losses = measure(
            frames.predict(paths), frames.predict([folder / p.name for p in paths]), contract
        )
        certificate = certificate_of(losses, **frames.in_words)
        _check_measured(contract, certificate)
        if not frames.options.allow_loss:
            _check_loss(contract, certificate)
        contract = reduced_contract(contract, "int8", certificate)
        save(proto, contract, path)
        add_sample(path, contract, islice(frames.feeds(contract, centroid), _N_TRIALS))
        made.append((path, contract))
    return made


def _check_measured(contract: GraphContract, certificate: Certificate) -> None:
    if not certificate.n_instances:
        raise ModelError(
            f"The {contract.kind} model finds no animal on {certificate.frames}, not in float32 "
            "either, so nothing shows what int8 costs. Calibrate on frames with animals."
        )


def _check_loss(contract: GraphContract, certificate: Certificate) -> None:
    assert certificate.poses is not None
    if certificate.poses.exceeded:
        raise ModelError(
            f"In int8 the {contract.kind} model finds other poses on {certificate.frames}: "
            f"{'; '.join(certificate.poses.exceeded)}. Calibrate on more, or more typical, frames, "
            "export with --precision fp16, or accept this with --allow_loss."
        )
