"""Search: encode items, rank vectors, score ranked lists."""
