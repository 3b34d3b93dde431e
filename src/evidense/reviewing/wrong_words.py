"""Wrong words: a statement said the other way round, with another number, or without its doubt."""

import re

from evidense.auditing.markers import is_hedge

_TURNS = {
    "increases": "decreases", "increased": "decreased", "raises": "lowers", "raised": "lowered", "higher": "lower", "more": "less",
    "better": "worse", "improves": "worsens", "improved": "worsened", "gains": "loses", "gained": "lost", "above": "below",
    "outperforms": "underperforms", "reduces": "increases", "reduced": "increased",
}  # fmt: skip
_BOTH_WAYS = {low: high for high, low in _TURNS.items()} | _TURNS
_TURN = re.compile(rf"\b(?:{'|'.join(sorted(_BOTH_WAYS, key=len, reverse=True))})\b")
_VERB = re.compile(r"\b(?:is|are|was|were|can|does|do|has|have|will)\b")
_NUMBER = re.compile(r"(?<![\w.,@-])\d+(?:\.\d+)?(?![\w.,]*\w)")
_DOUBT = re.compile(
    r"\b(?:may|might|could|can|possibly|probably|perhaps|likely|potentially|apparently) ", re.IGNORECASE
)


def reversed_text(text: str) -> str:
    """Turn the first direction of a statement, or deny it.

    >>> reversed_text("Tuning improves recall."), reversed_text("It is small."), reversed_text("Models overfit.")
    ('Tuning worsens recall.', 'It is not small.', 'It is false that models overfit.')
    """
    if _TURN.search(text):
        return _TURN.sub(lambda match: _BOTH_WAYS[match[0]], text, count=1)
    if _VERB.search(text):
        return _VERB.sub(lambda match: f"{match[0]} not", text, count=1)
    return f"It is false that {text[:1].lower()}{text[1:]}" if text else text


def other_number(text: str) -> str:
    """Change the first number of a statement to another of as many digits; a statement without one stays as it is.

    >>> other_number("It gains 3.2 points of nDCG@10."), other_number("It gains nDCG@10.")  # the 10 is a part of a name
    ('It gains 8.2 points of nDCG@10.', 'It gains nDCG@10.')
    """
    return _NUMBER.sub(lambda match: str((int(match[0][0]) + 4) % 9 + 1) + match[0][1:], text, count=1)


def without_doubt(text: str) -> str:
    """Take the words of doubt out; a statement that then still doubts, or never did, stays as it is.

    >>> without_doubt("Tuning may help."), without_doubt("Tuning helps.")
    ('Tuning help.', 'Tuning helps.')
    """
    sure = _DOUBT.sub("", text)
    return text if is_hedge(sure) else sure
