"""Makes everything in this folder: clips and their truth, then models trained on such scenes.

    python -m samples.make_samples                      # all of it
    python -m samples.make_samples --only clips         # the clips and their truth

Run it from the top of the repository, in the development environment (`make test` sets one up). The
clips take half a minute. Every number is drawn from a fixed seed and torch runs in one thread, so a
second run on the same machine gives the same files.
"""

import argparse
from pathlib import Path

from samples.files import write_truth, write_video
from samples.scene import Scene, clip

FOLDER = Path(__file__).resolve().parent
CLIPS = ("crawlers", "one_crawler")


def shipped_clip(name: str) -> list[Scene]:
    """The scenes behind `<name>.mp4`, one per frame.

    The seeds were chosen by eye: everyone meets everyone, nobody leaves the picture or folds up.
    The sizes are no multiples of a network's stride, so that padding is needed.
    """
    if name == "crawlers":
        return clip(seed=20, n_frames=180, height=250, width=324)
    return clip(seed=5, n_frames=60, height=190, width=250, names=("banded",))


def make_clips(folder: Path) -> None:
    for name in CLIPS:
        scenes = shipped_clip(name)
        video = folder / f"{name}.mp4"
        write_video(video, scenes, crf=17)
        write_truth(folder / f"{name}.slp", video, scenes)
        print(f"{name}: {len(scenes)} frames, {video.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["clips"], help="make this alone")
    parser.parse_args()
    make_clips(FOLDER)


if __name__ == "__main__":
    main()
