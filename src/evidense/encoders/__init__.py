"""Encoders: one part a file; items to vectors."""
