"""Claims of the literature: A and B of the published studies, V of vision."""
