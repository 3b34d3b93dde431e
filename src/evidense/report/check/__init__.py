"""The page of a check: statements beside works, and which of them the works bear out."""
