"""Where an export goes, and what it replaces there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.contract import GraphContract
from sleap_rt.options import ExportOptions, ModelOverrides

if TYPE_CHECKING:
    from sleap_rt.export.earlier import Descriptions


@dataclass(frozen=True)
class ExportPlace:
    """The folder of an export.

    Attributes:
        folder: that receives the graphs.
        models: what the trained models are, first stage first.
        earlier: name of each graph there that is replaced -> what it says of itself.
    """

    folder: Path
    models: Sequence[GraphContract]
    earlier: "Mapping[str, Descriptions]"

    @classmethod
    def of(
        cls,
        paths: Sequence[Path],
        folder: Path | None,
        overrides: ModelOverrides,
        options: ExportOptions,
    ) -> "ExportPlace":
        """Find it, and refuse all that configurations, the folder and what is installed decide.

        Args:
            paths: the trained models.
            folder: as given; None takes the usual one.
            overrides: settings that replace those of the training configurations.
            options: of the export.

        Raises:
            OptionError, ModelError, EngineError: as `export_models`.
        """
        from sleap_rt.export.beside import default_folder
        from sleap_rt.export.bonsai.kinds import bonsai_kind
        from sleap_rt.export.earlier import refuse_others
        from sleap_rt.export.folders import check_room
        from sleap_rt.models.sets import described_set, paths_by_kind
        from sleap_rt.runtime.engines.tensorrt.ahead import check_ahead_of_time

        models, usual = described_set(paths, overrides), default_folder(paths)
        graphs = {f"{model.kind}.onnx": [model] for model in models}
        if options.format == "bonsai":
            usual = usual.with_name("exported_bonsai")
            graphs = {bonsai_kind([model.kind for model in models]).file_name: models}
        to = usual if folder is None else folder
        check_room(to)
        earlier = refuse_others(to, graphs, paths_by_kind(paths, overrides))
        if options.builds_engines:
            check_ahead_of_time(models, options.frame_size)
        return cls(to, models, earlier)

    def replaced(self, graph: Path, contracts: Iterable[GraphContract]) -> str | None:
        """What a graph replaces, in words; None if nothing was there.

        Args:
            graph: that was written.
            contracts: of what it is made of.
        """
        from sleap_rt.export.earlier import replaced_in_words

        earlier = self.earlier.get(graph.name)
        return None if earlier is None else replaced_in_words(graph.name, earlier, contracts)
