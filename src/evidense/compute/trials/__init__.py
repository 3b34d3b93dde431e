"""Trials: small models with random weights, to see that a published class can be read."""
