"""Search: items to vectors, vectors to ranked lists, ranked lists to scores."""
