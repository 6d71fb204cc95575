"""A page that runs an exported model in a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import ModelError, OptionError
from sleap_rt.options import PageOptions
from sleap_rt.runtime.graph_seal import data_file
from sleap_rt.runtime.model_set import GraphSet, ModelSet
from sleap_rt.web_page.content import Content, is_free, own_files, page_content, write_page
from sleap_rt.web_page.server import PageServer
from sleap_rt.workflows.resolve import ResolvedModels, resolve_models

if TYPE_CHECKING:
    from sleap_rt.export.steps import OnStep


@dataclass(frozen=True, kw_only=True)
class PagePlan:
    """A page that can be made.

    Attributes:
        models: that it runs.
        options: where it goes.
    """

    models: ResolvedModels
    options: PageOptions

    def content(self, on_step: "OnStep | None" = None) -> Content:
        """All files of the page; trained models are exported first.

        Args:
            on_step: called as each step of an export begins and ends.

        Raises:
            ModelError: a model cannot be exported, or is too large for a browser.
        """
        graphs = self.models.exported(on_step)
        _check_whole(graphs)
        return page_content(graphs, self.models.paths[0].resolve().stem)

    def write(self, content: Content) -> Path | None:
        """Write the page where that was asked for.

        Raises:
            ModelError: the folder cannot be written.
        """
        if self.options.output is not None:
            write_page(content, self.options.output)
        return self.options.output

    def open_server(self, content: Content) -> PageServer | None:
        """A server, listening but not answering yet, where one was asked for.

        Raises:
            EngineError: the port is taken.
        """
        return PageServer(content, self.options.port) if self.options.serve else None


def plan_page(paths: Sequence[Path], options: PageOptions) -> PagePlan:
    """Check that a page can be made of these models.

    Args:
        paths: exported or trained models; one, or a pair.
        options: where the page goes.

    Raises:
        OptionError: the folder holds something else, or the page cannot run such models.
        ModelError: a path is not a model, or the page's own files are not installed.
    """
    own_files()
    if options.output is not None and not is_free(options.output):
        raise OptionError(
            f"{options.output} holds other things than a page; give a new or an empty folder"
        )
    models = resolve_models(paths)
    _check_runs(models.models)
    return PagePlan(models=models, options=options)


def _check_runs(models: ModelSet) -> None:
    if models.needs_labels:
        raise OptionError(
            f"A {models.in_words} model alone works on labelled animals, which a page has not; "
            "give its centroid model as well"
        )
    if "int8" in models.precisions:
        raise OptionError(
            "The page runs networks in float32 and float16; this one is in int8, which is for "
            "TensorRT and OpenVINO. Export it again without --precision int8."
        )


def _check_whole(graphs: GraphSet) -> None:
    for path in graphs.paths:
        if data_file(path).exists():
            raise ModelError(
                f"{path} is too large for a browser: its weights lie in a file of their own"
            )
