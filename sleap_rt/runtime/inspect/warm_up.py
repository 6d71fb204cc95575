"""Runs opened models once, so that the first frame of a closed loop is as quick as the next."""

from contextlib import suppress

from sleap_rt.errors import ModelError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import choose_engine, declarations
from sleap_rt.runtime.inspect.stored_frame import training_frame
from sleap_rt.runtime.inspect.verify import read_sample
from sleap_rt.runtime.predictors import Predictor


def warm_up(predictor: Predictor, engine: EngineOptions) -> None:
    """Predict the frame that the first graph carries, at the size of the training.

    Animals are found in it, cropped and grouped; engines that compile for each size of frames have
    done so for this one. Not done for models that need labelled animals, nor on engines that are
    built for one size of frames, which may not be that of the frames to come.
    """
    chosen = choose_engine(engine, predictor.models.precisions).options.engine
    if predictor.needs_instances or declarations()[chosen].builds_per_size:
        return
    with suppress(ModelError):  # a graph without a sample runs all the same
        graph = predictor.models.paths[0]
        (found,) = predictor.predict(training_frame(graph)[None], [0])
        if not len(found):  # at its own size they were found, when it was exported
            predictor.predict(read_sample(graph).feed["frames"][:1], [0])
