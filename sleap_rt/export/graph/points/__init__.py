"""The network's maps to peaks, lines between them, and classes."""
