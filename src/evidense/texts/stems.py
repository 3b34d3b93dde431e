"""Stems: what all forms of an English word share (Porter 2)."""

from collections.abc import Callable
from functools import cache, lru_cache

from evidense.texts.tokens import words_and_numbers


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the stem that all forms of a word share.

    >>> stem("increases") == stem("increasing")
    True
    """
    return _stemmer()(word.casefold())


def stems(text: str) -> list[str]:
    """Return the stems of the words and numbers of a text, in order; number words are digits.

    >>> stems("Two models gained 1,000 points.")
    ['2', 'model', 'gain', '1000', 'point']
    """
    return [stem(word) for word in words_and_numbers(text)]


@cache
def _stemmer() -> Callable[[str], str]:
    import Stemmer

    stem_word: Callable[[str], str] = Stemmer.Stemmer("english").stemWord
    return stem_word
