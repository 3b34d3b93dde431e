"""Nesting: HTML that its parser would take minutes or gigabytes for is refused before it is parsed."""

import re
from collections import Counter
from pathlib import Path

from evidense.errors import UnsafeInput

MOST_OPEN = 40_000
"""Elements that are open at once: the parser takes quadratic time of them."""
MOST_COPIES = 5_000_000
"""Formatting elements that are open at once, times all tags: the parser opens the former again in every block."""
MOST_ATTRIBUTES = 10_000
"""Attributes of one element: the parser compares each with all others."""
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{30000,}")
_VALUE = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*')")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_FORMATTING = frozenset(("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"))  # fmt: skip
_NEVER_NESTED = frozenset([
    "area", "base", "body", "br", "col", "embed", "head", "hr", "html", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "li", "p", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option", "colgroup",
])  # fmt: skip
"""Without an end tag, or closed by the next one of their kind."""


def check_nesting(path: Path, text: str) -> None:
    """Refuse a page whose elements are nested too deeply, or have too many attributes.

    Raises:
        UnsafeInput: it is.
    """
    n_attributes = max(
        (len(re.findall(r"[^\s/]+", _VALUE.sub(" ", tag))) for tag in _LONG_TAG.findall(text)), default=0
    )
    if n_attributes > MOST_ATTRIBUTES:
        raise UnsafeInput(
            f"'{path}' has an element with {n_attributes:,} attributes. Expected at most {MOST_ATTRIBUTES:,}; save the page again, or as text."
        )
    n_tags, most_open, most_formatting = _counted(text)
    if most_open > MOST_OPEN:
        raise UnsafeInput(
            f"'{path}' has {most_open:,} elements within each other. Expected at most {MOST_OPEN:,}; save the page again, or as text."
        )
    if most_formatting * n_tags > MOST_COPIES:
        raise UnsafeInput(
            f"'{path}' opens {most_formatting:,} formatting elements, as <b>, and does not close them. Expected each to be closed; "
            "save the page again, or as text."
        )


def _counted(text: str) -> tuple[int, int, int]:
    """Return the number of tags, and how many elements, and formatting ones, are open at once at most; a stray end tag closes nothing."""
    n_tags = n_open = n_formatting = most_open = most_formatting = 0
    open_of: Counter[str] = Counter()
    for end, written in _TAG.findall(text):
        name = written.lower()
        n_tags += 1
        if name in _NEVER_NESTED or (end and not open_of[name]):
            continue
        step = -1 if end else 1
        open_of[name] += step
        n_open += step
        n_formatting += step if name in _FORMATTING else 0
        most_open, most_formatting = max(most_open, n_open), max(most_formatting, n_formatting)
    return n_tags, most_open, most_formatting
