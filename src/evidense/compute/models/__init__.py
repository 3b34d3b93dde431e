"""Models: locate a model folder, read its settings, and load its weights under the loading guard."""
