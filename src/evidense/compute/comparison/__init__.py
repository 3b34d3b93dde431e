"""Comparison: what a comparison asks of a collection: its groups, what it shares, its slices and excerpts."""
