"""Tokens: the words, numbers, signs and citation marks of a text with their places, and keys by which copies are compared."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from evidense.texts.letters import fold

TokenKind = Literal["word", "number", "sign", "citation"]

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
_NAME = rf"(?:(?:van|von|de|den|der|di|du|del|la|le|ten|ter) )*(?!{_MONTH}|in |since |from |until |n )[^\W\d_][\w'’.-]*"
_YEAR = r"(?:19|20)\d\d[a-z]?"
_AUTHOR_YEAR = (
    rf"(?:see |e\.g\.,? |cf\. )?{_NAME}(?: et al\.?|(?:,? (?:and|&)|,) {_NAME})*,? {_YEAR}(?:[;,:][^()\[\]]{{0,200}})?"
)
_RAISED = "¹²³⁴-⁹⁰"
_TOKEN = re.compile(
    r"(?P<citation>"
    r"\[\d{1,4}[a-z]?\]|"
    r"(?<!CI )(?<!interval )(?<!range )(?<!= )(?<!: )\[\d{1,4}[a-z]?(?:\s*[,;–-]\s*\d{1,4}[a-z]?)+\]|\[@[^\]\n]{1,1000}\]|\\cite\w*\{[^}\n]{1,200}\}"
    rf"|\({_AUTHOR_YEAR}\)|\[{_AUTHOR_YEAR}\]|(?<=[^\W\d_])[{_RAISED}](?:[,-]?[{_RAISED}])*)"
    rf"|(?P<number>(?:(?<![\w)\]%/])-)?(?:\d+(?:[.,·]\d+)*|(?<!\w)[.·]\d+)(?![^\W_])|[{_RAISED}]+)"
    rf"|(?P<word>[^\W_{_RAISED}]+(?:['’](?=[^\W\d_])[^\W\d_]+)*)"
    r"|(?P<sign>[^\w\s]|_)",
    re.IGNORECASE,
)
_VALUES = {
    word: str(value)
    for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
} | {"percent": "%", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100", "thousand": "1000", "million": "1000000"}  # fmt: skip
_DASHES = dict.fromkeys(map(ord, "‐‑–−"), "-")
_SHORT = 2_000
"""Letters up to which the tokens of a text are kept."""
_JOINTS = "-­￾\u200b"
"""What may stand between two halves of one word."""


@dataclass(frozen=True)
class Token:
    """A piece of a text."""

    key: str
    """Equal for equal words whatever their case, accents, ligatures or digits' spelling."""
    kind: TokenKind
    start: int
    end: int

    @property
    def tells(self) -> bool:
        """Say whether its loss can change what a sentence says; a comma's cannot."""
        return self.kind in ("word", "number") or self.key in "%<>≤≥±"


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text in order.

    >>> [t.key for t in tokens("Two models gain 1,000 points (Lee et al., 2020) or ·5% [3, 4].")]
    ['two', 'models', 'gain', '1000', 'points', '(lee et al., 2020)', 'or', '0.5', '%', '[3, 4]', '.']
    """
    return list(_short(text) if len(text) <= _SHORT else _found(text))


def _found(text: str) -> tuple[Token, ...]:
    found = []
    for match in _TOKEN.finditer(text.translate(_DASHES)):
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        found.append(Token(_key(match[0], kind == "number"), kind, match.start(), match.end()))
    return tuple(found)


_short = lru_cache(maxsize=4_096)(_found)
"""The tokens of a sentence, which many rules look at one after the other."""


def value(key: str) -> str:
    """Return a number word as digits, other words as they are.

    >>> value("two"), value("percent"), value("models")
    ('2', '%', 'models')
    """
    return _VALUES.get(key, key)


def words_and_numbers(text: str) -> list[str]:
    """Return the keys of the words and numbers of a text, in order; number words are digits.

    >>> words_and_numbers("Two models gained 1,000 points [3].")
    ['2', 'models', 'gained', '1000', 'points']
    """
    return [value(token.key) for token in tokens(text) if token.kind in ("word", "number")]


@lru_cache(maxsize=65_536)
def _key(text: str, is_number: bool) -> str:
    if not is_number:
        return fold(text)
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", text.replace("·", "."))
    return re.sub(r"^(-?)\.", r"\g<1>0.", digits)


def rejoin(pieces: Sequence[Token], vocabulary: Container[str]) -> list[Token]:
    """Return tokens with the halves of words joined that another text writes whole: "deter- mine", "data set".

    >>> [t.key for t in rejoin(tokens("We deter- mine it"), {"determine"})]
    ['we', 'determine', 'it']
    """
    joined: list[Token] = []
    place = 0
    while place < len(pieces):
        token, after = _halves(pieces, place, vocabulary)
        joined.append(token)
        place = after
    return joined


def _halves(pieces: Sequence[Token], place: int, vocabulary: Container[str]) -> tuple[Token, int]:
    first, last, key = pieces[place], place, pieces[place].key
    if first.kind != "word":
        return first, place + 1
    while last + 1 < len(pieces) and last - place < 6:
        last += 1
        if pieces[last].kind == "sign" and pieces[last].key in _JOINTS:
            continue
        if pieces[last].kind != "word":
            break
        key += pieces[last].key
        if key in vocabulary and not (first.key in vocabulary and pieces[last].key in vocabulary):
            return Token(key, "word", first.start, pieces[last].end), last + 1
    return first, place + 1
