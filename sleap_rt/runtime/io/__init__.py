"""Frames in (videos), predictions out (`.slp`). The only place that knows file formats."""
