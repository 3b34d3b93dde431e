"""Reading: files as checked lines, rows and lazy items, with the place of every mistake. Dataset parts stand on this floor."""
