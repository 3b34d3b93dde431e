"""Ledger: the claims of the literature beside what the experiments say."""
