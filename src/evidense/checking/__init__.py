"""Checking: whether passages bear a statement out: rules, retrieval, features, calibration, and the word that it comes to."""
