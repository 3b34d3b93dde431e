"""Words: the verdicts on references and statements, each with icon, colour, order and meaning."""

from collections.abc import Mapping

from evidense.report.words import Word

_ON_REFERENCES = (
    Word("✖", "RETRACTED", 0, "is-harms", "its publisher has withdrawn the work"),
    Word("✖", "OTHER WORK", 1, "is-harms", "the identifier belongs to another work"),
    Word("?", "NOT FOUND", 2, "is-undecided", "two indexes or more answered, none holds this title; workshop papers and theses may be missing"),
    Word("!", "WRONG FIELD", 3, "is-harms", "the work exists; no index confirms this field, and at least one has another value"),
    Word("!", "CONCERN", 4, "is-undecided", "its publisher has expressed concern about the work"),
    Word("↻", "CORRECTED", 5, "is-undecided", "a correction of the work was published"),
    Word("↑", "OLDER VERSION", 6, "is-same", "the preprint is cited; the work has been published since"),
    Word("≠", "INDEXES DISAGREE", 7, "is-same", "indexes contradict each other about this work, and one of them agrees with the reference"),
    Word("–", "NOT ASKED", 8, "is-none", "fewer than two indexes answered, so that nothing is said"),
    Word("·", "NOT A PAPER", 9, "is-none", "software, a web page or a book without a DOI: indexes of papers need not hold it"),
    Word("✔", "OK", 10, "is-helps", "the work exists as it is cited"),
)  # fmt: skip
REFERENCE_WORDS: Mapping[str, Word] = {word.word: word for word in _ON_REFERENCES}
"""Verdict on a reference → its word, the worst first."""
_ON_STATEMENTS = (
    Word("✖", "NOT LOCATED", 0, "is-undecided", "no passage of its sources holds half of its words in their order"),
    Word("~", "NEAR", 1, "is-same", "a passage that differs: what was lost and what was added stands beside it"),
    Word("–", "NO TEXT", 2, "is-none", "the text of its source is not at hand"),
    Word("=", "VERBATIM", 3, "is-same", "copied word for word"),
)
STATEMENT_WORDS: Mapping[str, Word] = {word.word: word for word in _ON_STATEMENTS}
"""How a statement stands to its passage → its word."""
RULES: Mapping[str, str] = {
    "aim": "a question or an aim told as a finding",
    "hedge": "a hedge dropped",
    "negation": "a negation dropped, added or changed",
    "number": "a number dropped, added or changed",
    "condition": "a condition dropped",
    "weaker": "told as a part of it",
    "cut": "cut off in the middle",
}
"""Rule of a loss → what it says."""
SAYS: Mapping[str, str] = {
    "aim": "✖ asks it",
    "negation": "✖ denies it",
    "number": "✖ other number",
    "hedge": "✖ hedges it",
    "condition": "✖ if …",
    "weaker": "✖ says more",
}
"""Rule of a loss → how the source stands to the statement."""
