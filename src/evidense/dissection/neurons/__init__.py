"""Neurons: which ones carry the scores, whether encoders share them, and what is lost without them."""
