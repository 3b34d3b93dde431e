"""Claims: sentences that can be decided, one part per file."""
