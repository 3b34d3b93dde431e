"""Runs: results and judgements in the forms of the field."""
