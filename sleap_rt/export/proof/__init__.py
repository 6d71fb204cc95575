"""Proof that a graph gives the poses of what it was made from, and a sample to replay."""
