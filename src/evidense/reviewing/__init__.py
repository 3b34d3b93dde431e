"""Reviewing: votes of reviewers joined, and whether each reviewer notices what it is for."""
