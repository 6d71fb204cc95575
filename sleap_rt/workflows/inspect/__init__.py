"""What exported files are, whether they compute right here, and how fast."""
