"""Results to write, with all that a format has to hold."""

import numpy as np
import sleap_io as sio

from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.results import Tally
from sleap_rt.skeleton import Skeleton

SKELETON = Skeleton("fly, \u00e4", ("head", "tail", "left, wing"), ((0, 1), (0, 2)), ((1, 2),))
NAMES = tuple(f"track_{i}" for i in range(9))


def made_results(
    n_frames=50,
    n_videos=2,
    *,
    tracked=True,
    most=4,
    least=0,
    n_unused=1,
    every=3,
    n_frames_of_video=0,
):
    """Results with frames that are empty, nodes that are missing and tracks that come and go.

    Args:
        n_frames: of each video.
        n_videos: that have frames.
        n_unused: videos that have none.
        tracked: two of three instances have tracks, none twice in a frame.
        most: animals in a frame.
        least: animals in a frame.
        every: how often a frame is left out; 0 leaves out none.
        n_frames_of_video: that the videos tell to have.
    """
    random = np.random.default_rng(7)
    frames, tally = [], Tally()
    for video in range(n_videos):
        for index in range(n_frames):
            if every and index % every == 1:
                continue
            frames.append(_frame(random, video, index, (least, most), tracked))
            tally.add(frames[-1])
    videos = [_video(name, n_frames_of_video) for name in "abc"[: n_videos + n_unused]]
    return tally.results(frames, SKELETON, videos, NAMES, {"made": "by hand", "n": 3})


def _frame(random, video, index, limits, tracked):
    n = int(random.integers(limits[0], limits[1] + 1))
    points = random.uniform(0, 500, (n, 3, 2)).astype(np.float32)
    points[random.random((n, 3)) < 0.2] = np.nan
    scores = random.random((n, 3)).astype(np.float32)
    ids = np.full(n, -1, np.int64)
    tracking_scores = np.full(n, np.nan, np.float32)
    if tracked:
        ids[:] = random.permutation([8, 5, 2, 3, 1])[:n]
        tracking_scores[:] = random.random(n)
    return FrameInstances(
        frame_index=index,
        video_index=video,
        points=points,
        point_scores=np.where(np.isnan(points[..., 0]), 0, scores).astype(np.float32),
        scores=random.random(n).astype(np.float32),
        track_ids=ids,
        tracking_scores=tracking_scores,
    )


def _video(name, n_frames):
    video = sio.Video(filename=f"/nowhere/{name}.mp4", open_backend=False)
    if n_frames:
        video.backend_metadata["shape"] = [n_frames, 40, 60, 1]
    return video
