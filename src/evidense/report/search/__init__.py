"""Search: the page, the flow and the files of a search."""
