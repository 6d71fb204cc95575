"""Makes everything in this folder: clips and their truth, then models trained on such scenes.

    python -m samples.make_samples                            # all of it
    python -m samples.make_samples --only clips centroid      # some of it

Run it from the top of the repository, in the development environment (`make test` sets one up). The
clips take ten seconds, the models a quarter of an hour of one processor core. All numbers come from
fixed seeds and torch runs in one thread, so a second run on the same machine gives the same files.
"""

import argparse
import time
from pathlib import Path

import torch

from samples.files import write_truth, write_video
from samples.plans import PLANS
from samples.scene import Scene, clip
from samples.training import draw_examples, save_model, train

FOLDER = Path(__file__).resolve().parent
CLIPS = ("crawlers", "one_crawler")
_N_EXAMPLES = 600


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


def make_model(name: str, folder: Path) -> None:
    plan = PLANS[name]
    alone = plan.kind == "single_instance"
    examples = draw_examples(
        seed=1000,
        n_examples=_N_EXAMPLES,
        height=plan.height,
        width=plan.width,
        n_animals=(1,) if alone else (1, 2, 3, 3),
    )
    started = time.process_time()
    save_model(folder, plan, train(plan, examples, seed=0))
    print(f"{name}: trained in {time.process_time() - started:.0f} s of processor time")


def main() -> None:
    made = ["clips", *PLANS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=made, default=made, help="make these alone")
    chosen = parser.parse_args().only
    torch.set_num_threads(1)
    if "clips" in chosen:
        make_clips(FOLDER)
    for name in PLANS:
        if name in chosen:
            make_model(name, FOLDER / "models" / name)


if __name__ == "__main__":
    main()
