"""Published numbers that ship with the project, as facts: their reader, and what they say under honest statistics."""
