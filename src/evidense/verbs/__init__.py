"""Verbs: one a file; none imports another."""
