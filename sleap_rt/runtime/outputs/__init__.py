"""Instances to files: labels, formats, paths, provenance."""
