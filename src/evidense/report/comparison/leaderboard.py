"""Leaderboard: every system with its mean and the ranks that it may have; systems that are not told apart are not ordered."""

from collections import Counter
from dataclasses import dataclass

from evidense.boundary.numerals import count, interval, plain
from evidense.records import Finding
from evidense.report.comparison.setup_table import role_of
from evidense.report.contents import Contents
from evidense.report.words import WORDS, Word

LEAST_SYSTEMS = 3


@dataclass(frozen=True)
class Standing:
    """One system on the leaderboard."""

    system: str
    role: str
    ranks: str
    """'1', or '2–4' where tests of all pairs leave several ranks possible."""
    value: str
    interval: str
    start: float
    """Left end of the bar of possible ranks, in percent."""
    width: float
    n: str
    words: list[tuple[Word, int]]
    """Word → number of collections on which the comparison with the baseline ends in it."""
    order: tuple[float, int, int]


def leaderboard(contents: Contents) -> list[Standing]:
    """Return the systems, best mean first; nothing for fewer than three systems or if no ranks were tested."""
    findings = _findings(contents)
    if len(findings) < LEAST_SYSTEMS:
        return []
    ordered = sorted(findings.items(), key=lambda item: (-item[1].value, item[0]))
    return [_place(contents, system, finding, len(findings)) for system, finding in ordered]


def _findings(contents: Contents) -> dict[str, Finding]:
    if contents.standings:
        return contents.standings
    if len(contents.collections) != 1:
        return {}
    (collection,) = contents.collections
    means = {s: contents.means.get((s, collection, contents.study.primary)) for s in contents.everyone}
    return {s: finding for s, finding in means.items() if finding is not None and "ranks" in finding.details}


def _place(contents: Contents, system: str, finding: Finding, n: int) -> Standing:
    best, worst = finding.details["ranks"]
    words = Counter(v.verdict for (s, _), v in contents.verdicts.items() if s == system)
    return Standing(
        system=system, role=role_of(contents, system), ranks=str(best) if best == worst else f"{best}–{worst}", value=plain(finding.value),
        interval=interval(finding.low, finding.high, sign=False), start=100 * (best - 1) / n, width=100 * (worst - best + 1) / n,
        n=count(finding.n), words=[(word, words[name]) for name, word in WORDS.items() if words[name]], order=(finding.value, best, worst),
    )  # fmt: skip
