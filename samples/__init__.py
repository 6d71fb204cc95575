"""A synthetic scene with exact poses, and small models trained on it. See README.md."""
