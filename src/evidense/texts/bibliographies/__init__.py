"""Bibliographies: the entries of BibTeX, RIS and CSL-JSON as references, beside what could not be read; for readers and sources."""
