"""Audit: the page of an audit, what the terminal says of it, and everything beside it that other programs read."""
