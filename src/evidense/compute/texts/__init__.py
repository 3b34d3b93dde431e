"""Texts: the towers that turn texts into vectors, opened and saved."""
