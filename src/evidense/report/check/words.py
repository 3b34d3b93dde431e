"""Words: what a statement can come to, each with icon, colour, order and meaning."""

from collections.abc import Mapping

from evidense.report.words import Word

_ON_STATEMENTS = (
    Word("✖", "REFUTED", 0, "is-harms", "its source says the opposite"),
    Word("≷", "MIXED", 1, "is-harms", "some works say so, others the opposite; each is quoted"),
    Word("~", "QUALIFIED", 2, "is-undecided", "true under a condition, or with a doubt, that the statement dropped; not refuted"),
    Word("≠", "SCOPE DIFFERS", 3, "is-undecided", "the passage speaks of another dataset, split, measure, model, population or year"),
    Word("?", "NOT SURE", 4, "is-undecided", "no verdict whose risk is known to be within the target: read the passage"),
    Word("–", "NOT ENOUGH", 5, "is-none", "nothing that was read speaks of it"),
    Word("–", "NOT CHECKED", 6, "is-none", "it was not looked at; the reason stands beside it"),
    Word("✔", "SUPPORTED", 7, "is-helps", "its source says so"),
)  # fmt: skip
CHECK_WORDS: Mapping[str, Word] = {word.word: word for word in _ON_STATEMENTS}
"""What a statement comes to → its word, the worst first."""
SAYS: Mapping[str, str] = {
    "SUPPORTED": "says so", "REFUTED": "says the opposite", "QUALIFIED": "says it with a limit", "MIXED": "some say so, some not",
    "SCOPE DIFFERS": "speaks of another thing", "NOT SURE": "NOT SURE: read the passage", "NOT ENOUGH": "says nothing of it", "NOT CHECKED": "–",
}  # fmt: skip
"""A word → how a source stands to the statement, in a column of its own."""
SAYS_IN_SHORT: Mapping[str, str] = {
    "SUPPORTED": SAYS["SUPPORTED"],
    **{
        word: f"{CHECK_WORDS[word].icon} {short}"
        for word, short in (
            ("REFUTED", "denies it"), ("MIXED", "both"), ("QUALIFIED", "if …"), ("SCOPE DIFFERS", "other thing"), ("NOT SURE", "not sure"),
            ("NOT ENOUGH", "silent"),
        )
    },
}  # fmt: skip
"""The same with its icon, for a column of few characters."""
