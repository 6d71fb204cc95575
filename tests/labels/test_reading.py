"""Reading a labels file, and saying what is wrong with one."""

import pytest

from sleap_rt.errors import DataError
from sleap_rt.labels import load_labels


def test_a_missing_or_damaged_file_is_an_error_in_words(tmp_path):
    with pytest.raises(DataError, match="there is no labels file"):
        load_labels(tmp_path / "none.slp")
    with pytest.raises(DataError, match=r"is a folder; name a \.slp"):
        load_labels(tmp_path)
    damaged = tmp_path / "damaged.slp"
    damaged.write_bytes(b"this is no HDF5 file")
    with pytest.raises(DataError, match=r"damaged\.slp cannot be read"):
        load_labels(damaged)
