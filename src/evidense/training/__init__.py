"""Training: one trainer for both regimes, its gradient cache, hard negatives, budgets and the formats it writes."""
