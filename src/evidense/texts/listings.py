"""Listings: program text and what consoles print, whose numbers in brackets cite nothing."""

import re

_SIGN = re.compile(
    r"<-|->|<<|>>|::|\w\(\)|==|!=|\+=|&&|\|\||(?<!:)//|/\*|%%|%\*%|\+\+(?=\W)"  # operators
    r"|[;{}]\s*(?=$|\n)|\{\s|\s\}|\);|\w\(\w{2,} ?= ?|\w\$\w|\w\[\[?[\w.]*\]\]? ?="  # blocks, calls, elements
    r"|(?:^|\n|(?<=\s))(?:>>>|>|##?|#>|In \[\d+\]:)\s+(?=[\w\[(\"'])"  # prompts and comments
)
_PROSE = re.compile(r"(?<![^\s(“\"])[A-Z]?[a-z]{2,}(?=[.,;:!?)”\"]*(?:\s|$))")
_SIGNS_PER_WORD = 1 / 4
_OUTPUT = re.compile(r"(?:^|\n)\s*(?:#+>?\s*)?\[1?\d{1,3}\]\s+(?=[-+]?[\d.]|[\"']|TRUE\b|FALSE\b|NA\b|NULL\b)")
_BEFORE = re.compile(
    r"(?:[\[$@_]|\w\([^()]{0,40}\)|(?:^|[^\w-])[A-Za-z](?:\[[\d,]{1,7}\]){0,4}|\w[_$.]\w+|#+>?\s*|\$\w+ )$"
)
"""What stands before a bracket that is an element or a line of output: x[1], f()[1], a_b[1], "# [1]", "$sigma [1]"."""
_AFTER = re.compile(r"\s*(?:<-|[-+*/%<>!=]?=(?!=?\s*\d+%)|\[|\(|[*/^]|\+\+|\$)|[-+]\s?\w")
"""What stands behind an element: an assignment, a comparison, another index, an operator."""


def is_listing(text: str) -> bool:
    """Say whether a block of text is program text or what a console printed.

    >>> is_listing('x <- c("a", "b")  sort(x) # [1] "a" "b"'), is_listing("We sort the words; see Smith (2010) and [1].")
    (True, False)
    """
    n_signs = len(_SIGN.findall(text))
    return _OUTPUT.match(text) is not None or (n_signs >= 2 and n_signs >= _SIGNS_PER_WORD * len(_PROSE.findall(text)))


def is_element(text: str, start: int, end: int) -> bool:
    """Say whether the bracket `text[start:end]` is an element of an array or the label of a line of output.

    >>> [is_element(t, t.index("["), t.index("]") + 1) for t in ("x[1]", "phi[2] = 3", "numerical[3], as", "(PCR)[1].")]
    [True, True, False, False]
    """
    return _BEFORE.search(text[max(start - 60, 0) : start]) is not None or (
        start > 0 and text[start - 1].isalnum() and _AFTER.match(text[end : end + 12]) is not None
    )
