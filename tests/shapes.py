"""Shapes and types of signatures, checked while the tests run: jaxtyping with beartype; an int may stand for a float."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
ROOMS = ["evidense.stats", "evidense.values", "evidense.compute", "evidense.verbs"]
"""Where arrays pass through."""
