"""The options of `track`, by section. Defaults are those of the option classes."""

from pathlib import Path

import click

from sleap_rt.cli.options.engine import DEVICE, ENGINE
from sleap_rt.cli.options.parameters import FramesOrAll, NumberOrAuto
from sleap_rt.cli.options.resume import RESUME
from sleap_rt.options import (
    DecodeOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
)

_PATH = click.Path(path_type=Path)

PEAKS = (
    click.option(
        "--max_instances",
        "-n",
        type=int,
        help="Keep the best n instances of a frame.  [default: all]",
    ),
    click.option(
        "--peak_threshold",
        type=float,
        default=DecodeOptions.peak_threshold,
        show_default=True,
        help="Confidence below which there is no peak.",
    ),
    click.option(
        "--centroid_peak_threshold",
        type=float,
        help="The same for centroids.  [default: --peak_threshold]",
    ),
    click.option(
        "--integral_refinement",
        default=DecodeOptions.integral_refinement,
        show_default=True,
        help="integral: peaks within a cell; none: whole cells.",
    ),
)
ESSENTIAL = (
    click.option(
        "--data_path",
        "-i",
        multiple=True,
        type=_PATH,
        help="Video, image, folder of images, HDF5, TIFF stack or `.slp` file. Several, folders of "
        'videos and patterns ("videos/*.mp4") are processed one by one. Also without -i, ahead of '
        "the options.",
    ),
    click.argument("inputs", nargs=-1, type=_PATH, metavar="[INPUT]..."),
    click.option(
        "--model_paths",
        "-m",
        multiple=True,
        type=_PATH,
        help="Export folder, `.onnx` file or trained model folder. Two for top-down, in any "
        "order. Without any, the poses of a `.slp` file are tracked (needs --tracking).",
    ),
    click.option(
        "--output_path",
        "-o",
        type=_PATH,
        help="File to write, or folder for the results.  [default: <data_path without its last "
        "suffix>.predictions.slp]",
    ),
    DEVICE,
    ENGINE,
    click.option(
        "--batch_size",
        "-b",
        type=NumberOrAuto(),
        default="auto",
        show_default=True,
        help="Frames per call of the engine. auto goes by memory and by what is measured.",
    ),
    *PEAKS,
    click.option(
        "--detect_every",
        type=int,
        default=DecodeOptions.detect_every,
        show_default=True,
        metavar="N",
        help="Top-down pairs: run the centroid model on one of N frames only, and let crops follow "
        "the poses in between: faster, less accurate.",
    ),
    click.option(
        "--centroid_only",
        is_flag=True,
        help="A centroid model alone on a `.slp` file: give centroids, not the poses of the "
        "labelled animals nearest to them.",
    ),
    click.option(
        "--centroid-output",
        type=click.Choice(("instance", "centroid", "both")),
        default="instance",
        show_default=True,
        help="A centroid model alone: store an instance of one node, a centroid, or both.",
    ),
)
BOTTOMUP = (
    click.option(
        "--max_edge_length_ratio",
        type=float,
        default=DecodeOptions.max_edge_length_ratio,
        show_default=True,
        help="Longest edge without penalty, over the largest side of the fields.",
    ),
    click.option(
        "--dist_penalty_weight",
        type=float,
        default=DecodeOptions.dist_penalty_weight,
        show_default=True,
        help="Penalty on longer edges.",
    ),
    click.option(
        "--min_line_scores",
        type=float,
        default=DecodeOptions.min_line_scores,
        show_default=True,
        help="Least score of a connection.",
    ),
    click.option(
        "--min_instance_peaks",
        type=float,
        default=DecodeOptions.min_instance_peaks,
        show_default=True,
        help="Least number of peaks (or fraction of nodes, below 1) of an instance.",
    ),
)
SELECTION = (
    click.option(
        "--frames",
        type=FramesOrAll(),
        help='Frame indices, e.g. "0-100,200-300"; of each video of a `.slp`.  [default: all]',
    ),
    click.option(
        "--video_index",
        type=int,
        help="`.slp`: this video, and every frame of it.",
    ),
    click.option("--only_labeled_frames", is_flag=True, help="`.slp`: frames with user instances."),
    click.option(
        "--only_suggested_frames", is_flag=True, help="`.slp`: suggestions without user instances."
    ),
    click.option(
        "--exclude_user_labeled", is_flag=True, help="`.slp`: frames without user instances."
    ),
    click.option(
        "--only_predicted_frames", is_flag=True, help="`.slp`: frames with predicted instances."
    ),
    click.option(
        "--video_dataset",
        help="HDF5: name of the dataset.  [default: the first of four axes]",
    ),
    click.option(
        "--video_input_format",
        type=click.Choice(("channels_last", "channels_first")),
        default=SelectionOptions.video_input_format,
        show_default=True,
        help="HDF5: order of its axes.",
    ),
    click.option(
        "--video_colors",
        type=click.Choice(("bt601", "tagged")),
        default=SelectionOptions.video_colors,
        show_default=True,
        help="Video files: colours as OpenCV up to 4.12 made them, or by the file's tag.",
    ),
)
RUN = (
    click.option(
        "--cluster",
        metavar="WHERE",
        help="Have workers of a Dask cluster predict: local or local:N (on this machine), the "
        "address of a scheduler, or a `.yaml` file with the jobs of a queue (docs/cluster.md).",
    ),
    click.option(
        "--frame_range_of",
        metavar="K/N",
        help="Predict the K-th of N parts of the frames and write a part, for job arrays; "
        "`sleap-nn merge` makes the result of all parts.",
    ),
    click.option(
        "--queue_maxsize",
        type=int,
        default=RunOptions.queue_maxsize,
        show_default=True,
        help="Decoded frames that may wait for the engine.",
    ),
    click.option(
        "--stall_timeout",
        type=float,
        default=RunOptions.stall_timeout,
        show_default=True,
        metavar="S",
        help="End the run when reading a frame or the engine takes longer than this, in s; "
        "0: never.",
    ),
    click.option(
        "--on_error",
        type=click.Choice(("continue", "stop")),
        default=RunOptions.on_error,
        show_default=True,
        help="A frame that cannot be decoded: leave it empty and go on, or stop there.",
    ),
)
FILTERS = (
    click.option(
        "--filter_overlapping",
        is_flag=True,
        help="Drop instances that overlap a better one.",
    ),
    click.option(
        "--filter_overlapping_method",
        type=click.Choice(("iou", "oks")),
        default=FilterOptions.filter_overlapping_method,
        show_default=True,
        help="Overlap of boxes, or likeness of poses.",
    ),
    click.option(
        "--filter_overlapping_threshold",
        type=float,
        default=FilterOptions.filter_overlapping_threshold,
        show_default=True,
        help="Overlap above which an instance is dropped.",
    ),
    click.option(
        "--filter_min_visible_nodes",
        type=int,
        default=FilterOptions.filter_min_visible_nodes,
        show_default=True,
        help="Least number of visible nodes.",
    ),
    click.option(
        "--filter_min_visible_node_fraction",
        type=float,
        default=FilterOptions.filter_min_visible_node_fraction,
        show_default=True,
        help="The same, as a fraction of all nodes.",
    ),
    click.option(
        "--filter_min_mean_node_score",
        type=float,
        default=FilterOptions.filter_min_mean_node_score,
        show_default=True,
        help="Least mean score of the visible nodes.",
    ),
    click.option(
        "--filter_min_instance_score",
        type=float,
        default=FilterOptions.filter_min_instance_score,
        show_default=True,
        help="Least score of an instance.",
    ),
    click.option(
        "--filter_min_centroid_distance",
        type=float,
        default=FilterOptions.filter_min_centroid_distance,
        show_default=True,
        help="A centroid model alone: drop centroids within so many px of a better one.",
    ),
)
OUTPUT_FORMAT = click.Choice(("auto", "slp", "analysis_h5", "csv", "nwb", "coco"))
OUTPUT = (
    click.option(
        "--output_format",
        type=OUTPUT_FORMAT,
        default="auto",
        show_default=True,
        help="Kind of file to write. auto: as the name of -o ends, else slp.",
    ),
    click.option(
        "--no_empty_frames", is_flag=True, help="Leave out frames in which nothing was found."
    ),
    click.option(
        "--skip_existing", is_flag=True, help="Leave out inputs whose result is there already."
    ),
    click.option(
        "--summary",
        type=_PATH,
        help="Several inputs: JSON file that says what became of each, kept up to date.",
    ),
    click.option(
        "--overwrite",
        is_flag=True,
        help="Replace a file that is not the unchanged result of the same input.",
    ),
    click.option(
        "--reproducible",
        is_flag=True,
        help="Leave times out of the result, so that the same run gives the same bytes.",
    ),
    *RESUME,
    click.option(
        "--journal",
        type=_PATH,
        help="File that keeps what was predicted until it is written.  [default: "
        "<output_path>.journal]",
    ),
    click.option(
        "--preview",
        is_flag=True,
        help="Draw the first, the middle, the last and the least certain frame with their poses, "
        "into <output_path>.preview.png.",
    ),
    click.option(
        "--gui", is_flag=True, help="Progress, and what failed, as JSON lines on standard output."
    ),
    click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="What was done as one JSON object on standard output, as --summary has it.",
    ),
    click.option("--verbose", is_flag=True, help="Say more; show where an error came from."),
    click.option("--dry_run", is_flag=True, help="Print the plan, and do nothing."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but warnings and errors."),
)
