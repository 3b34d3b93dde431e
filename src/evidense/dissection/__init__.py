"""Dissection: what is worth making fast inside encoders: probes, path integrals, similarity, interventions."""
