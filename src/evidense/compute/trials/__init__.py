"""Trials: small models with random weights, to check that a published class can be read."""
