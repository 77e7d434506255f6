"""A profiling workbench for Python backends."""
