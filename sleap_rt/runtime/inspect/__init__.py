"""What a model is, whether it is right here, how fast it runs."""
