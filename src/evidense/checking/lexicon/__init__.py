"""Lexicon: the words that the rules know."""
