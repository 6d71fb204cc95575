"""Predictions against labels in, metrics and a report out. NumPy and SciPy only."""
