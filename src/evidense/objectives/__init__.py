"""Objectives: one part a file; a batch of representations to a loss in nats."""
