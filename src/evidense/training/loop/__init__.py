"""Loop: the trainer, from batches to weights, and what it costs."""
