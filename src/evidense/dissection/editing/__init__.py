"""Editing: facts changed in a backbone, and what training makes of them."""
