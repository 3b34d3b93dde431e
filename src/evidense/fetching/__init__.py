"""Fetching: all HTTP. Nothing else opens a socket."""
