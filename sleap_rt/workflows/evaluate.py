"""Compare predictions with ground truth: check the options, measure, save."""

from collections.abc import Collection

from sleap_rt.errors import OptionError
from sleap_rt.evaluation.options import EvalOptions, unused_options
from sleap_rt.evaluation.run import measure, save_results

__all__ = ["check_evaluation", "measure", "save_results"]


def check_evaluation(options: EvalOptions, given: Collection[str] = ()) -> None:
    """Refuse options that cannot take effect, before any file is opened.

    Args:
        options: of the evaluation.
        given: names of options that the user set.

    Raises:
        OptionError: an option has no effect with the others.
    """
    for name, reason in unused_options(options).items():
        if name in given:
            raise OptionError(f"{name}: no effect here: {reason}")
