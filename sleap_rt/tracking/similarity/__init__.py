"""Tracks by similarity: each detection joins the track whose recent poses it is most alike."""
