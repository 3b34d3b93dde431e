"""What breaks the style of numbers in a text that people read: .109 without a leading zero, − before what is below zero, 'pre-training'."""

import re
from html import unescape

_NO_TEXT = re.compile(r"<(script|style|template|code|pre|textarea)\b.*?</\1>|<[^>]*>", re.DOTALL)
_WRONG = re.compile(
    r"(?<![\w.,/~@=])[-+−±]?0\.\d+(?![\w]*\.\d)"  # a leading zero; versions and names are none
    r"|(?<![\w.)\]/~@-])-(?:\d+|\.\d+)(?![\w-])"  # an ASCII minus
    r"|(?<!_)pre(?: |)training(?!_)",  # of an identifier it may be part
    re.IGNORECASE,
)


def wrongly_written(text: str) -> list[str]:
    """Return each number or word that is written otherwise, with what stands around it.

    >>> wrongly_written("nDCG .109 [−.02, +.3] of 0.1.0 after pre-training"), len(wrongly_written("0.109, -.2, pretraining"))
    ([], 3)
    """
    return [text[max(0, m.start() - 40) : m.end() + 20] for m in _WRONG.finditer(text)]


def shown_text(page: str) -> str:
    """Return what a page shows, without code, LaTeX and the texts of queries and documents."""
    without_texts = re.sub(r'<(p|span)\b[^>]*dir="auto".*?</\1>', " ", page, flags=re.DOTALL)
    return unescape(_NO_TEXT.sub(" ", without_texts))
