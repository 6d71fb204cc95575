"""The program as Python functions: arguments -> options, one workflow, its results."""
