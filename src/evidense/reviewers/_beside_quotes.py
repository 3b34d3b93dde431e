"""A statement beside the passage that it quotes: numbers that the passage lacks, and what is said the other way round."""

from evidense.auditing.markers import n_negations, numbers
from evidense.texts.tokens import tokens

_OPPOSITES = (
    ("increas", "decreas"), ("increas", "reduc"), ("rais", "lower"), ("higher", "lower"), ("more", "fewer"), ("more", "less"),
    ("greater", "smaller"), ("larger", "smaller"), ("better", "worse"), ("improv", "worsen"), ("gain", "lose"), ("above", "below"),
    ("outperform", "underperform"), ("positive", "negative"), ("strong", "weak"), ("faster", "slower"), ("largest", "smallest"),
)  # fmt: skip
_BOTH_WAYS = (*_OPPOSITES, *((low, high) for high, low in _OPPOSITES))
_SIGNS = frozenset("%<>≤≥±")


def missing_numbers(statement: str, passage: str) -> list[str]:
    """Return the numbers of a statement that the passage lacks, also when rounded to the digits that the statement gives.

    >>> missing_numbers("It gains 3.2 points on 7 sets.", "We gain 3.24 points on eight sets.")
    ['7']
    """
    given = {key for key in numbers(passage) if key not in _SIGNS}
    return [
        key for key in numbers(statement) if key not in _SIGNS and not any(_is_rounded(key, other) for other in given)
    ]


def has_numbers(statement: str) -> bool:
    """Say whether a statement gives a number."""
    return any(key not in _SIGNS for key in numbers(statement))


def is_turned(statement: str, passage: str) -> bool:
    """Say whether one of the two denies what the other says, or names a direction whose opposite stands in its place.

    >>> is_turned("Tuning lowers recall.", "Tuning raises recall."), is_turned("Tuning raises recall.", "Tuning raises recall.")
    (True, False)
    """
    said, quoted = _directions(statement), _directions(passage)
    is_opposite = any(stem in said and stem not in quoted and opposite in quoted for stem, opposite in _BOTH_WAYS)
    return is_opposite != (n_negations(statement) % 2 != n_negations(passage) % 2)


def _directions(text: str) -> set[str]:
    keys = [token.key for token in tokens(text) if token.kind == "word"]
    return {stem for stem, _ in _BOTH_WAYS if any(key.startswith(stem) for key in keys)}


def _is_rounded(short: str, long: str) -> bool:
    """Say whether a number is another one, or that one rounded."""
    if short == long:
        return True
    n_digits = len(short.partition(".")[2])
    if n_digits >= len(long.partition(".")[2]):
        return False
    try:
        return abs(float(long) - float(short)) <= 0.5 * 10.0**-n_digits + 1e-12
    except ValueError:
        return False
