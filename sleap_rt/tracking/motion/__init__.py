"""Tracks by motion: each detection joins the track that a Kalman filter predicts there."""
