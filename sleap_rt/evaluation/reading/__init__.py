"""Reads labels files into the arrays that are compared: poses, videos, images of frames."""
