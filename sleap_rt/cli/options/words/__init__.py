"""Words of a command line that mean something else than they say."""
