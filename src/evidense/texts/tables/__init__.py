"""Tables in texts: cells in rows and columns, each with its place."""
