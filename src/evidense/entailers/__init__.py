"""Entailers: one part a file; how a passage stands to a statement."""
