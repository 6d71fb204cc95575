"""Lies here so that `plain_loops` can be imported from the folders below, too."""
