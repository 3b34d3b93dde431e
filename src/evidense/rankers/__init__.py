"""Rankers: one part per file. They rank the documents of a collection without vectors."""
