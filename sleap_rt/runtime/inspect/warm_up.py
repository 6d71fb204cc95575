"""Runs opened models once, so that the first frame of a closed loop is as quick as the next."""

from contextlib import suppress

from sleap_rt.errors import ModelError
from sleap_rt.libraries.assignment import load_solver
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import choose_engine, declarations
from sleap_rt.runtime.inspect.stored_frame import training_frame
from sleap_rt.runtime.inspect.verify import read_sample
from sleap_rt.runtime.predictors import Predictor
from sleap_rt.runtime.predictors.bottomup import BottomUpPredictor
from sleap_rt.runtime.predictors.topdown import TopDownPredictor

_MOST_ANIMALS = 4  # for which crops are run; each number more costs little when it first comes


def warm_up(predictor: Predictor, engine: EngineOptions) -> None:
    """Predict the frame that the first graph carries, at the size of the training.

    Animals are found in it, cropped and grouped; engines that compile for each size of frames have
    done so for this one. Not done for models that need labelled animals, nor on engines that are
    built for one size of frames, which may not be that of the frames to come.
    """
    if isinstance(predictor, BottomUpPredictor) or predictor.models.class_names:
        load_solver()  # peaks or animals are paired: not for the first time in a later frame
    chosen = choose_engine(engine, predictor.models.precisions).options.engine
    if predictor.needs_instances or declarations()[chosen].builds_per_size:
        return
    with suppress(ModelError):  # a graph without a sample runs all the same
        graph = predictor.models.paths[0]
        frame = training_frame(graph)[None]
        (found,) = predictor.predict(frame, [0])
        if not len(found):  # at its own size they were found, when it was exported
            predictor.predict(read_sample(graph).feed["frames"][:1], [0])
        if isinstance(predictor, TopDownPredictor):
            # Engines settle for each number of crops; for a single one some open a session or
            # compile: 60 to 280 ms that must not come when an animal leaves the others.
            for n_animals in range(1, _MOST_ANIMALS + 1):
                predictor.run_crops(frame, n_animals)
