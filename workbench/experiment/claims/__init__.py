"""Figures that source documents state, re-measured and given a verdict."""
