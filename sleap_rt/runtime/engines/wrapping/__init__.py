"""Engines around engines: what shares out, fills up or times their runs."""
