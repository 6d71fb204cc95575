"""Stages of a run in threads of their own, watched; faults of other libraries in our words."""
