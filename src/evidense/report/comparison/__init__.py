"""Comparison: the page of systems against a baseline."""
