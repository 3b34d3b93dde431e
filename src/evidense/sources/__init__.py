"""Sources: one part a file; indexes of scholarly works, and folders of them."""
