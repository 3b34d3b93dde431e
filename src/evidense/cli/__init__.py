"""Command line: turns argv into one call of the API, and prints the result."""
