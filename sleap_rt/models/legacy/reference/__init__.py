"""Leaves with the tests that still use it."""
