"""Frames through a predictor: read ahead, predict, filter, follow; the journal."""
