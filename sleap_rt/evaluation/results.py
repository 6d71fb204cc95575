"""Results of an evaluation: one prediction file against the ground truth, and a run of several."""

from dataclasses import dataclass
from pathlib import Path

from sleap_rt.evaluation.identity.evaluation import IdentityEvaluation
from sleap_rt.evaluation.metrics import Metrics
from sleap_rt.evaluation.options import EvalOptions
from sleap_rt.evaluation.pairing.pose_pairs import PosePairing
from sleap_rt.evaluation.reading.images import FrameImages
from sleap_rt.evaluation.reading.pose_table import PoseTable


def compared_with_itself(predictions: object) -> str:
    """What to say where the predictions are the ground truth."""
    return f"{predictions} is compared with itself: it was given as the ground truth, too"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One prediction file against the ground truth.

    Attributes:
        name: short, unique among the predictions of a run.
        path: the prediction file.
        predicted: everything in it.
        pairing: how poses were matched; None if only identities were measured.
        identities: None unless asked for.
        metrics: what is saved.
    """

    name: str
    path: Path
    predicted: PoseTable
    pairing: PosePairing | None
    identities: IdentityEvaluation | None
    metrics: Metrics

    def __repr__(self) -> str:
        measured = {"poses": self.pairing, "identities": self.identities}
        names = [name for name, found in measured.items() if found is not None]
        return f"<Evaluation {self.name}: {' and '.join(names)}>"

    @property
    def notes(self) -> list[str]:
        """What a reader needs to know, each note once."""
        poses = self.metrics["selection"]["notes"] if self.pairing else ()
        identities = self.identities.metrics["notes"] if self.identities else ()
        return list(dict.fromkeys([*poses, *identities]))


_OF_DIFFERENT_VIDEOS = (
    ". They are of different videos: `sio merge RESULT... -o ALL.slp` of sleap-io makes one file "
    "of them, whose numbers are those of all videos"
)


@dataclass(frozen=True, kw_only=True)
class EvaluationRun:
    """All prediction files of a run against one ground truth.

    Attributes:
        options: what was asked for.
        ground_truth: everything in the ground-truth file.
        images: of its frames, where they can be found.
        evaluations: one for each prediction file.
    """

    options: EvalOptions
    ground_truth: PoseTable
    images: FrameImages
    evaluations: tuple[Evaluation, ...]

    def __repr__(self) -> str:
        of = ", ".join(map(repr, self.evaluations))
        return f"<EvaluationRun against {self.ground_truth.name}: {of}>"

    @property
    def notes(self) -> list[str]:
        """What a reader needs to know; with several prediction files, each note names its file."""
        several = len(self.evaluations) > 1
        notes = [
            f"{evaluation.name}: {note}" if several else note
            for evaluation in self.evaluations
            for note in evaluation.notes
        ]
        compared = {
            evaluation.name: evaluation.pairing.frames.gt_frames.tolist()
            for evaluation in self.evaluations
            if evaluation.pairing is not None
        }
        truth = self.options.ground_truth_path.resolve()
        notes += [
            compared_with_itself(one.path)
            for one in self.evaluations
            if one.path.resolve() == truth
        ]
        first, *others = compared.values() or ([],)
        if any(frames != first for frames in others):
            counts = ", ".join(f"{name} on {len(frames)}" for name, frames in compared.items())
            hint = _OF_DIFFERENT_VIDEOS if self._share_no_video else ""
            notes.append(f"the files were not compared on the same frames: {counts}{hint}")
        if not self.same_method:
            notes.append(
                "some files were compared by OKS and others by centroids; a distance or a found "
                "animal is not the same in both"
            )
        return notes

    @property
    def _share_no_video(self) -> bool:
        """Whether each file has videos of its own."""
        pairings = [e.pairing for e in self.evaluations if e.pairing is not None]
        videos = [video for pairing in pairings for video in pairing.frames.video_pairs]
        return len(videos) == len(set(videos))

    @property
    def same_method(self) -> bool:
        """Whether the pose values of all files may be compared with each other."""
        pairings = [e.pairing for e in self.evaluations if e.pairing is not None]
        return len({pairing.options.match_method for pairing in pairings}) < 2
