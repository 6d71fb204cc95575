"""What a model is, whether this machine computes it right, how fast it runs."""
