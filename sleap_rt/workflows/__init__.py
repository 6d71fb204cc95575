"""Workflows run the stages: resolve the models, check every option once in a plan, run it."""
