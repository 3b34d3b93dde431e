"""Datasets: one part per file. Each reads Collections."""
