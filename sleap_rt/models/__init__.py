"""A trained model as it is on disk in, a description or a `TrainedModel` with its network out.

`sets.described_set` and `sets.loaded_set` read the models of a run, `families.READERS` one by
itself. Networks need torch, descriptions do not; the code that runs graphs imports neither.
"""
