"""Models: where a model lies, what its folder says, and its weights read under the guard."""
