"""Settings of the property tests."""

from hypothesis import settings

# No deadline per example: how fast a shared machine is says nothing about the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
