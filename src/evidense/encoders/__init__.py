"""Encoders: one part per file. They turn items into vectors."""
