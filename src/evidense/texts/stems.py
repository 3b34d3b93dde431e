"""Stems: what all forms of an English word share (Porter 2)."""

from collections.abc import Callable
from functools import cache, lru_cache


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the stem that all forms of a word share.

    >>> stem("increases") == stem("increasing")
    True
    """
    return _stemmer()(word.casefold())


@cache
def _stemmer() -> Callable[[str], str]:
    import Stemmer

    stem_word: Callable[[str], str] = Stemmer.Stemmer("english").stemWord
    return stem_word
