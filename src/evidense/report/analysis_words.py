"""Analysis words: what the page says of an analysis and of what it estimates, as the analysis itself brings it."""

import re
from functools import cache

from evidense import registry
from evidense.parts import AnalysisWords, Estimand
from evidense.parts.estimands import declared


@cache
def words_of(analysis: str) -> AnalysisWords:
    """Return the words that an analysis brings; of one that is not on the shelf (its package is gone), its name alone."""
    if analysis not in registry.names("analyses"):
        return AnalysisWords(analysis.replace("_", " "), "", "", ())
    words: AnalysisWords = registry.part("analyses", analysis).words
    return words


@cache
def estimand_of(analysis: str, name: str) -> Estimand:
    """Return what an analysis says of one of its estimands; of one that it does not declare, what its name says.

    >>> estimand_of("space", "change of uniformity").see
    'What one encoder has more of than the other; 0 is no change. How evenly vectors cover the sphere; lower is more even.'
    >>> estimand_of("space", "change in accuracy").is_change, estimand_of("gone", "accuracy").is_change
    (True, False)
    """
    known = declared(name, words_of(analysis).estimands)
    return known or Estimand(name, "", bool(_NAMED_AS_CHANGE.search(name)))


_NAMED_AS_CHANGE = re.compile(r"^change (in|of) |(beyond|over) seeds$|\beffect\b")
