"""Shown: makes text from outside safe for a terminal, CSV or LaTeX file; control characters become visible symbols."""

import re

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, escapes, carriage returns; not tab and line feed
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, bidi, separators
    "\ud800-\udfff\U000e0000-\U000e007f]"  # lone surrogates, tags
)
_LINE_BREAKS = re.compile("[\t\n]")


def shown(text: str) -> str:
    """Return text with escapes, control, bidi and invisible characters as visible symbols; tabs and line breaks stay.

    >>> shown("a\\x1b[31mb\\u202ec\\x85\\n")
    'a␛[31mb<U+202E>c<U+0085>\\n'
    """
    return STEERING.sub(lambda match: _symbol(match[0]), text)


def shown_line(text: str) -> str:
    """Return `shown` text on one line: tabs and line breaks become symbols too.

    >>> shown_line("doc\\n1")
    'doc␊1'
    """
    return _LINE_BREAKS.sub(lambda match: _symbol(match[0]), shown(text))


def _symbol(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"<U+{code:04X}>"
