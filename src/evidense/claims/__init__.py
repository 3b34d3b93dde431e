"""Claims: one part a file; sentences that can be decided."""
