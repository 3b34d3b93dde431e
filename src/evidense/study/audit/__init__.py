"""Audit: a file → what each of its references and statements comes to, as records and as a page."""
