"""Frames and crops to the network's input."""
