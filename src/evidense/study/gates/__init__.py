"""Gates: may a system ship, and how often its queries were used."""
