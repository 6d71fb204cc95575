"""How the centroids that a centroid model alone finds are stored in labels."""

from typing import TYPE_CHECKING, Literal, get_args

from sleap_rt.errors import OptionError

if TYPE_CHECKING:
    import sleap_io as sio

CentroidOutput = Literal["instance", "centroid", "both"]
CENTROID_OUTPUTS: tuple[CentroidOutput, ...] = get_args(CentroidOutput)


def check_centroid_output(
    output: str, *, finds_centroids: bool, is_tracked: bool, output_format: str
) -> None:
    """Refuse a way to store centroids that does not exist, or does not fit the rest of the run.

    Args:
        output: as the user gives it.
        finds_centroids: the run gives centroids, not poses.
        is_tracked: the run tracks animals, which needs instances.
        output_format: kind of the file.

    Raises:
        OptionError: as the summary says.
    """
    if output not in CENTROID_OUTPUTS:
        raise OptionError(
            f"centroid_output must be one of {', '.join(CENTROID_OUTPUTS)}, got {output!r}"
        )
    if output == "instance":
        return
    if not finds_centroids:
        raise OptionError(
            f"centroid_output {output!r}: only for the centroids of a centroid model alone"
        )
    if is_tracked:
        raise OptionError(
            f"centroid_output {output!r} cannot be tracked; use 'instance', or leave out tracking"
        )
    if output_format != "slp":
        raise OptionError(f"centroid_output {output!r}: only `.slp` files hold centroids")


def store_centroids(
    labels: "sio.Labels", output: CentroidOutput, anchor_part: str | None
) -> "sio.Labels":
    """Store each animal as an instance of one node, as a centroid, or as both.

    Args:
        labels: instances of one node; changed in place.
        output: what to store.
        anchor_part: node that the model's centroids stand on; None for the middle of the animal.

    Returns:
        `labels` itself.
    """
    import sleap_io as sio

    if output == "instance":
        return labels
    source = f"anchor:{anchor_part}" if anchor_part else "center_of_mass"
    for frame in labels:
        frame.centroids = [
            sio.PredictedCentroid(
                x=float(instance.numpy()[0, 0]),
                y=float(instance.numpy()[0, 1]),
                score=float(instance.score),
                instance=instance if output == "both" else None,
                source=source,
            )
            for instance in frame.instances
        ]
        if output == "centroid":
            frame.instances = []
    return labels
