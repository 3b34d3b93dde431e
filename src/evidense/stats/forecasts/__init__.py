"""Forecasts: are stated probabilities right, and from which confidence on may a verdict be printed?"""
