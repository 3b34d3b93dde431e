"""Solver: the logistic fits of every probe, with their line search and losses."""
