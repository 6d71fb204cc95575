"""NWB files: labels are made to fit the format, then written by sleap-io."""
