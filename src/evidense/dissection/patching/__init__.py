"""Patching: states of one run put into another, to see which place carries the difference."""
