"""Instances in, tracks out: who is who from frame to frame. NumPy and SciPy only."""
