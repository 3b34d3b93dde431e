"""Geometry: how the points of two encoders lie, and how alike their spaces are."""
