"""Plain code for tests only; to be removed with the last test that uses it."""
