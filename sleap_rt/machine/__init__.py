"""What this machine, or the share of it that a job has, offers."""
