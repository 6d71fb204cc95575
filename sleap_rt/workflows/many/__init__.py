"""Many inputs in one go: which they are, what is done with each, and what became of them."""
