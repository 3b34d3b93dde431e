"""Rankers: one part a file; collections to ranked lists, without vectors."""
