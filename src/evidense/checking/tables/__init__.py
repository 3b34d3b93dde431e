"""Tables: what the cells of a table say, and whether a statement says the same."""
