"""Which exported graphs may run together: those of one family, made for each other."""

from collections.abc import Sequence

from sleap_rt.errors import ModelError
from sleap_rt.kinds import CROP_KINDS
from sleap_rt.model_files import MIXED_FAMILIES
from sleap_rt.runtime.graph_file import GraphFile


def check_family(files: Sequence[GraphFile]) -> None:
    """Refuse a native graph beside a legacy one, and legacy stages that do not fit.

    Raises:
        ModelError: as the summary says.
    """
    if len({file.contract.family for file in files}) > 1:
        described = ", ".join(f"{file.path} ({file.contract.family})" for file in files)
        raise ModelError(f"{described}: {MIXED_FAMILIES}")
    legacy = [file for file in files if file.contract.family == "legacy"]
    # Crops have the colours of the frames that the first stage saw.
    if len({file.contract.preprocessing.channels for file in legacy}) > 1:
        instance = next(file for file in legacy if file.contract.kind in CROP_KINDS)
        raise ModelError(
            f"{instance.path} was exported for {instance.contract.preprocessing.channels} frames, "
            "but the centroid model takes others. Export the two models together: "
            "`sleap-nn export CENTROID_MODEL INSTANCE_MODEL -o FOLDER`."
        )
