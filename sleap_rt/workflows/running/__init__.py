"""A prediction under way: who predicts its frames, and what is done with the results."""
