"""Frames through a predictor: read ahead, predict, filter, track; the journal."""
