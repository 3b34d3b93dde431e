"""Factorial: the page of a study that trains its own systems."""
