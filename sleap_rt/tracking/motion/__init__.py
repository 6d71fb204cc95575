"""Tracks by motion: each detection joins the track that a Kalman filter expects where it is."""
