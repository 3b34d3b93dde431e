"""Probes: what a simple classifier reads from each layer, against controls, with clustered intervals."""
