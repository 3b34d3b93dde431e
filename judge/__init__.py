"""Judge: fits what ships in src/evidense/checking/shipped from public collections; `make judge DATA=FOLDER` runs it."""
