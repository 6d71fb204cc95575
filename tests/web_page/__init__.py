"""Tests of the page, and a browser to open it in."""
