"""Exported graphs and frames in, instances in frame pixels out."""
