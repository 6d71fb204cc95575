"""Tests of the identity metrics."""
