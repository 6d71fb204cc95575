"""Labels as everything else may rely on: a path or sleap-io's labels in, checked labels out."""

from sleap_rt.labels.one_form import OneForm, distinct_rows, in_one_form
from sleap_rt.labels.reading import check_labels, load_labels
from sleap_rt.labels.same_videos import dataset_of, file_identity

__all__ = [
    "OneForm",
    "check_labels",
    "dataset_of",
    "distinct_rows",
    "file_identity",
    "in_one_form",
    "load_labels",
]
