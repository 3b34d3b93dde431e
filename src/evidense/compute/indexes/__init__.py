"""Approximate indexes: which one a spelling names, how it is built and kept, and what it finds of the exact results."""
