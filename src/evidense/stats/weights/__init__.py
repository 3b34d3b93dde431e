"""Weights of resamples: random signs, and how often each cluster is drawn; many at a time, in arrays that stay in the cache."""
