"""Dependence: which queries depend on each other, and how much."""
