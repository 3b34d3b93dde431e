"""Auditing: what a reference comes to, and where a sentence comes from."""
