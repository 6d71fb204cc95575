"""What a prediction will do: its options, and every check ahead of it."""
