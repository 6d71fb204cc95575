"""Instances to files: labels, formats, where they go, how they were made."""
