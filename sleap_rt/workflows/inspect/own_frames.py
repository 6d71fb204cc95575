"""Compares an engine with the one that certified the graphs, on a user's own frames."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import EngineOptions, SelectionOptions
from sleap_rt.runtime.frames.one_input import check_one_input
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.inspect.own_frames import OwnFrames, check_is_another, compare_on_frames
from sleap_rt.words import counted
from sleap_rt.workflows.inspect.verify import VerificationPlan, plan_verification

USUAL_N_FRAMES = 16


@dataclass(frozen=True, kw_only=True)
class ComparisonPlan:
    """What will be compared.

    Attributes:
        verification: graphs and engine.
        data_path: the frames.
        n_frames: from all over the input, at most.
    """

    verification: VerificationPlan
    data_path: Path
    n_frames: int

    def run(self) -> OwnFrames:
        """Predict and compare.

        Raises:
            DataError: the input cannot be read, or has no frames for these models.
            EngineError: as `compare_on_frames`.
        """
        graphs = self.verification.graphs
        with open_input(self.data_path, SelectionOptions()) as opened:
            if graphs.needs_labels:
                opened = opened.labeled()
            refs = opened.selection.refs
            if not refs:
                raise DataError(f"{self.data_path} has no frames to compare on.")
            places = np.linspace(0, len(refs) - 1, min(self.n_frames, len(refs))).round()
            chosen = [refs[int(place)] for place in places]
            found = compare_on_frames(graphs, self.verification.choice.options, opened, chosen)
            if not found.n_instances and not found.n_extra:
                raise DataError(
                    f"{self.data_path}: nothing was found in {counted(found.n_frames, 'frame')}, "
                    "so nothing was compared; give frames with animals, or more "
                    "of them (--n_frames)."
                )
            return found


def plan_comparison(
    path: Path, engine: EngineOptions, data_path: Path, n_frames: int = USUAL_N_FRAMES
) -> ComparisonPlan:
    """Find the graphs of an export, and the engine for them.

    Args:
        path: an `.onnx` file or an export folder.
        engine: as asked for.
        data_path: video, images or labels to take frames from.
        n_frames: how many, from all over the input.

    Raises:
        OptionError: as `plan_verification` and `check_one_input`; or the engine is the reference
            itself.
        ModelError: the path is not a model.
    """
    if n_frames < 1:
        raise OptionError(f"n_frames must be 1 or more, got {n_frames}")
    check_one_input(data_path)
    plan = plan_verification(path, engine)
    check_is_another(plan.choice.options)
    return ComparisonPlan(verification=plan, data_path=data_path, n_frames=n_frames)
