"""Kinds of sentences, by rule: which reports a result, says what was done, defines a word, asks, tells what is known, or sets up an inference."""

from typing import Literal

from evidense.auditing import kind_marks as marks

StatementKind = Literal["finding", "method", "definition", "aim", "background", "premise"]
"""What a sentence does: reports a result, says what was done, defines a word, asks, tells what is known, or sets up an inference."""


def kind_of(sentence: str) -> StatementKind:
    """Return what a sentence does, by the words that mark it; a bare assertion counts as a finding, which it claims to be.

    >>> kind_of("We aim to determine whether pruning helps."), kind_of("If it fails, it suggests that the layer is empty.")
    ('aim', 'premise')
    """
    has_numbers = marks.BY_NUMBERS.search(sentence) is not None
    if marks.PREMISE.search(sentence) and not has_numbers:
        return "premise"
    aim = marks.AIM.search(sentence)
    if aim and not marks.ANSWERS.search(sentence[aim.end() :]):
        return "aim"
    if marks.DEFINITION.search(sentence):
        return "definition"
    if marks.BACKGROUND.search(sentence) and not has_numbers and not marks.OURS.search(sentence):
        return "background"
    return "method" if _is_method(sentence) else "finding"


def _is_method(sentence: str) -> bool:
    """Say whether it tells what was done and no result, or what was done before words that may tell a result."""
    finding, method = marks.FINDING.search(sentence), marks.METHOD.search(sentence)
    if method is None or (marks.SHARES.search(sentence) and not marks.OURS.search(sentence)):
        return False
    return finding is None or (method.start() < finding.start() and not marks.ANSWERS.search(sentence))
