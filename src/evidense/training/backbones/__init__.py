"""Backbones: encoders before any training, described in a mapping and written with drawn weights."""
