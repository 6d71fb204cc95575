"""What shows a model or its results to a person."""
