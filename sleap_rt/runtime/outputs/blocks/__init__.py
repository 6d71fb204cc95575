"""Results to files block by block: what is written is not held in memory."""
