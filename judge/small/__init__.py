"""The small judge: a cross-encoder of our own, trained in stages and stacked with the counted features."""
