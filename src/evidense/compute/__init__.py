"""Compute: the numerical work. Each fast function is tested against a slow reference."""
