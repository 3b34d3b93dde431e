"""What crosses the border of the process: files and JSON from outside in, text out."""
