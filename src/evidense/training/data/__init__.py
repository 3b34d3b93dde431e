"""Data: training pairs without leaks, hard negatives, and traps in the texts."""
