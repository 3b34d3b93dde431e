"""Analyses: encoders and a collection → findings about what is inside, one analysis a file."""
