"""Populations: what these collections and seeds say about others."""
