"""History: pages that were written, newest first, as a table, as trends, and in a browser."""
