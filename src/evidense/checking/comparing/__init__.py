"""Comparing: a statement and a sentence, word by word."""
