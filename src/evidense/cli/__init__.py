"""Command line: argv to one api call to text."""
