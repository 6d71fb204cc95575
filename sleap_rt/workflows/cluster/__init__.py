"""Runs whose frames are predicted by the workers of a Dask cluster."""
