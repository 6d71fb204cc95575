"""Writes a clip: its pictures as a video, its truth as a `.slp`."""

from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import sleap_io as sio

from samples.crawlers import SKELETON
from samples.scene import Scene

FRAMES_PER_SECOND = 25


def write_video(path: Path, scenes: Sequence[Scene], *, crf: int) -> None:
    """Write H.264 (yuv420p) with the colour planes empty.

    H.264 decodes to the same numbers everywhere, and a gray picture leaves nothing to the colour
    conversion, so every reader delivers the same pixels. The encoder runs in one thread: its output
    depends on their number.
    """
    height, width = scenes[0].background.shape
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (width, height),
        pix_fmt_in="yuv420p",
        pix_fmt_out="yuv420p",
        fps=FRAMES_PER_SECOND,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=f"-crf {crf} -preset veryslow -threads 1 -map_metadata -1 "
        "-fflags +bitexact -movflags +faststart".split(),
        ffmpeg_log_level="error",
    )
    writer.send(None)
    colour = np.full(height * width // 2, 128, np.uint8)
    for scene in scenes:
        luma = np.rint(16 + scene.picture() * (219 / 255)).astype(np.uint8)  # "video" range
        writer.send(luma.tobytes() + colour.tobytes())
    writer.close()


def write_truth(path: Path, video: Path, scenes: Sequence[Scene]) -> None:
    """Write the poses of a clip as user instances, one track per animal.

    A node that another animal covers keeps its exact place and is marked as not visible, so readers
    that skip such points see it as missing.

    Args:
        path: the `.slp` to write.
        video: the clip, in the same folder; the file refers to it by its name alone.
        scenes: one per frame.
    """
    skeleton = sio.Skeleton(
        nodes=list(SKELETON.node_names),
        edges=[(SKELETON.node_names[a], SKELETON.node_names[b]) for a, b in SKELETON.edge_inds],
        symmetries=[
            (SKELETON.node_names[a], SKELETON.node_names[b]) for a, b in SKELETON.symmetries
        ],
        name=SKELETON.name,
    )
    source = sio.Video.from_filename(str(video), grayscale=True)
    source.replace_filename(video.name, open=False)
    tracks = {name: sio.Track(name) for name in sorted(scenes[0].names)}
    frames = []
    for index, scene in enumerate(scenes):
        instances = []
        for name, points, visible in zip(scene.names, scene.points(), scene.visible(), strict=True):
            instance = sio.Instance.from_numpy(points, skeleton=skeleton, track=tracks[name])
            instance.points["visible"] = visible
            instances.append(instance)
        instances.sort(key=lambda instance: instance.track.name)
        frames.append(sio.LabeledFrame(video=source, frame_idx=index, instances=instances))
    labels = sio.Labels(
        labeled_frames=frames,
        videos=[source],
        skeletons=[skeleton],
        tracks=list(tracks.values()),
    )
    labels.save(str(path), verbose=False)
