"""Datasets: one part a file; each makes Collections."""
