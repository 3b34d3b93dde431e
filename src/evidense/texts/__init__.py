"""Texts: canonical text, spans and sentences, and the keys by which names, titles and venues are compared."""
