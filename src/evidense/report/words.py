"""Words: the verdicts of comparisons and of claims, each with icon, colour, order and meaning, and the notes beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidense.boundary.numerals import count, plain, short
from evidense.records import Json, Outcome, Verdict
from evidense.stats.rule import unseen


@dataclass(frozen=True)
class Word:
    """One verdict word as the page shows it; `rank` sorts the worst first."""

    icon: str
    word: str
    rank: int
    css: str
    """Class of its colours."""
    meaning: str


_COMPARED = (
    Word("✖", "HARMS", 0, "is-harms", "the whole interval lies below 0, and not all of it inside the margin"),
    Word("?", "UNDECIDED", 1, "is-undecided", "too few queries to decide, or an index could be the reason; the note says which, and what would settle it"),
    Word("=", "SAME", 2, "is-same", "the whole interval lies inside the margin: no difference that matters"),
    Word("✔", "HELPS", 3, "is-helps", "the whole interval lies above 0, and not all of it inside the margin"),
    Word("≡", "IDENTICAL", 4, "is-identical", "every query has the same value with both"),
)  # fmt: skip
WORDS = {w.word: w for w in _COMPARED}
"""Verdict of a comparison → its word."""
_CLAIMED = (
    Word("✔", "HOLDS", 3, "is-helps", "the whole interval lies on the claimed side of the margin, and every control passed"),
    Word("✖", "FAILS", 0, "is-harms", "the whole interval lies on the other side of it, and every control passed"),
    Word("?", "UNDECIDED", 1, "is-undecided", "neither: too few data, a failed control, or no evidence here; the reason stands beside it"),
    Word("–", "NOT TESTABLE", 5, "is-none", "no experiment can test this sentence; the reason stands beside it"),
)  # fmt: skip
CLAIM_WORDS = {w.word.replace(" ", "_"): w for w in _CLAIMED}
"""Verdict on a claim → its word."""
ICONS = {verdict: w.icon for words in (WORDS, CLAIM_WORDS) for verdict, w in words.items()}


def word_of(verdict: str) -> Word:
    """Return how pages show a verdict, of a comparison or of a claim.

    >>> word_of("HOLDS").icon, word_of("HARMS").css
    ('✔', 'is-harms')
    """
    return WORDS.get(verdict) or CLAIM_WORDS[verdict]


def note(verdict: Verdict) -> str:
    """Return what the interval rules out; of an UNDECIDED verdict the reason that it carries."""
    if verdict.verdict == "UNDECIDED":
        return verdict.reason
    if verdict.verdict == "IDENTICAL":
        share = unseen(int(verdict.details.get("n_groups", verdict.n_clusters)))
        return f"every query has the same value with both; up to {100 * share:.1f} % of others could differ"
    if verdict.verdict == "HARMS":
        return f"a loss of at least {plain(-verdict.high)}"
    return f"rules out {ruled_out('loss', -verdict.low)}"


def ruled_out(what: str, most: float) -> str:
    """Return which losses or gains an interval rules out, those above `most`. A number that would be printed as .000 is rounded up.

    >>> ruled_out("loss", 0.0), ruled_out("gain", 0.0213), ruled_out("loss", 0.0002)
    ('any loss', 'a gain above .021', 'a loss above .001')
    """
    return f"any {what}" if most <= 0 else f"a {what} above {plain(max(most, 0.001))}"


def queries_words(verdict: Outcome) -> str:
    """Return how many queries there are, how many of them count as independent, and how many are better, equal and worse."""
    d = verdict.details
    independent = f" ({groups_text(verdict.n_clusters)})" if verdict.n_clusters != verdict.n else ""
    counts = (
        f"{int(d.get(key, 0)):,} {word}" for key, word in (("win", "better"), ("tie", "equal"), ("loss", "worse"))
    )
    return f"{verdict.n:,} quer{'y' if verdict.n == 1 else 'ies'}{independent}: {', '.join(counts)}"


def queries_to_decide(details: Mapping[str, Json]) -> str:
    """Say how many queries would decide, with the range of that number.

    >>> queries_to_decide({"queries_to_decide": 520, "queries_to_decide_between": [110, 1300]})
    'about 520 (110 to 1,300)'
    """
    about, between = details.get("queries_to_decide"), details.get("queries_to_decide_between")
    if not about:
        return ""
    return f"about {count(about)}" + (
        f" ({count(between[0])} to {count(between[1])})" if between and between[0] < between[1] else ""
    )


def groups_text(n: int) -> str:
    """Say how many queries count as independent.

    >>> groups_text(1), groups_text(1070)
    ('1 independent', '1,070 independent')
    """
    return f"{count(n)} independent"


def otherwise(details: Mapping[str, Json]) -> str:
    """Say what other ways of grouping queries would have said, where that is another word; else nothing."""
    words = {
        "components": "all linked queries as one (--clusters components)",
        "queries": "each query by itself (--clusters queries)",
    }
    return "; ".join(f"{words[how]}: {word}" for how, word in dict(details.get("otherwise", {})).items())


def margin_text(margin: float) -> str:
    """Return the margin as it is printed.

    >>> margin_text(0.02)
    '±.02'
    """
    return f"±{short(margin)}"
