"""Compute: what is worth making fast, each with a slow reference in the tests."""
