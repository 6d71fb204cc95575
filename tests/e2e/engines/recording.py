"""An engine that notes what it is fed and hands it on to ONNX Runtime."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import Array, Feed
from sleap_rt.runtime.engines.ort import ENGINE as ORT
from sleap_rt.runtime.engines.ort import OrtEngine

ENGINE = replace(ORT, certifies=False)
runs: list[Feed] = []  # what every engine of this kind was fed, in order


class RecordingEngine(OrtEngine):
    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        runs.append(dict(feed))
        return super().run(feed, fetch)


def open_engine(model: Path, options: EngineOptions) -> RecordingEngine:
    return RecordingEngine(model, options)
