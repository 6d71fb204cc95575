"""What long commands say while they run, and at the end."""
