"""Searching: from a question to the works that are read: plans, identity, screening, and the log that the counts come from."""
