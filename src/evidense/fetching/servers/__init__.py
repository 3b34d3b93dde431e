"""Servers of models: asked in batches, within a budget, and never twice for the same text."""
