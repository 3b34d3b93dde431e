"""Sentences: where each begins and ends in a text, with abbreviations, citations, numbers and initials kept whole."""

import re
from collections.abc import Iterator

from evidense.values import Span

_ABBREVIATIONS = frozenset(
    (
        "al cf ca e.g eg i.e ie etc vs viz resp approx fig figs eq eqs sec secs ch chap tab alg thm def prop ref refs no nos vol pp p ed eds "
        "dr mr mrs ms prof st jr sr inc ltd co corp dept univ jan feb mar apr jun jul aug sep sept oct nov dec proc trans conf w.r.t "
        "a.k.a u.s u.k ph.d m.sc b.sc"
    ).split()
)
_MARK = r"\[(?:\d[\d,;\s–-]*|[^\[\]\n]{0,60}@[^\[\]\n]{1,120})\]"
"""A citation by numbers or keys: [3], [1, 4–6], [@lee2020]."""
_END = re.compile(
    rf"[.!?…]+(?:[\"'”’)\]]+|{_MARK})*(?:[^\S\n]*\n?[^\S\n]*{_MARK}[,;.]?)*(?<![,;])(?=\s*$|\s+[A-ZÀ-ÖØ-ÞΑ-ΩА-Я0-9\"“‘(\[*])"
    rf"|[.!?…]+(?:[\"'”’)\]]+|{_MARK})*(?=\s|$)|\n\s*\n"
)
"""The end of a sentence, with the citations behind its full stop where another sentence follows, or none; or a blank line."""
_FIRST_WORDS = frozenset(
    "A An The It Its This These That Those We Our They Their There He She You In On At For If When While But And However Thus".split()
)
_NEXT_WORD = re.compile(r"\s*(\S*)")
_OPENERS = "\"'“‘([{"


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text in order; each quote is the text between its ends, without spaces around it.

    >>> [s.quote for s in sentences("See Smith et al. (2020), Fig. 3. It gains 3.2 points! Why?")]
    ['See Smith et al. (2020), Fig. 3.', 'It gains 3.2 points!', 'Why?']
    """
    return [
        Span(begin, end, text[begin:end])
        for begin, end in (_trimmed(text, *ends) for ends in _pieces(text))
        if begin < end
    ]


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(text):
        if match[0].isspace():
            yield start, match.start()
        elif _ends_here(text, match):
            yield start, match.end()
        else:
            continue
        start = match.end()
    yield start, len(text)


def _ends_here(text: str, match: re.Match[str]) -> bool:
    """A full stop ends a sentence unless it belongs to an abbreviation or an initial, or a small letter follows."""
    following = _NEXT_WORD.match(text, match.end())[1]  # type: ignore[index]
    if following[:1].islower() and (not match[0].startswith(("!", "?")) or match[0].endswith(("”", '"', "’"))):
        return False
    if not match[0].startswith("."):
        return True
    last = _word_before(text, match.start()).lstrip(_OPENERS)
    following = "[" if re.search(r"\s", match[0]) and last.lower() in _ABBREVIATIONS else following
    if last.lower() in _ABBREVIATIONS:
        return last.lower() in ("etc", "al") and following[:1].isupper() and not re.match(r"[A-Z]\.|\(|\[", following)
    is_initial = re.fullmatch(r"[A-Z](?:\.[A-Z])*", last) and following[:1].isupper()
    return not is_initial or following in _FIRST_WORDS


def _word_before(text: str, end: int) -> str:
    """Return the letters up to a place, back to a space; one line may end between them and the place."""
    end -= text[max(0, end - 1) : end] == "\n"
    begin = end
    while begin and not text[begin - 1].isspace():
        begin -= 1
    return text[begin:end]


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    return begin, end
