"""Claims of the seed report, S1 to S6."""
