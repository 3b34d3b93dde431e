"""Readers: one part a file; a format to a document with its references."""
