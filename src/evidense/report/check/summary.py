"""Summary: the answer of a check in one sentence, its coverage beside its risk, and what the entailer may say; terminal and page print the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evidense.boundary.numerals import percent
from evidense.checking.aggregate import CheckedStatement
from evidense.checking.celled import TABLES
from evidense.checking.rule_outcomes import RuleRisk, RulesOn, rule_risks
from evidense.checking.ruled import RULES
from evidense.report.check.statements import CheckedStatements, TextMeasured

WHOSE: Mapping[RulesOn, str] = {
    "sentence": "rules, on statements that copy a sentence",
    "cell": "rules on tables, on statements with a value of a cell",
}
"""What rules compare statements with → how they are called."""
ONE_STATEMENT = "one statement"
"""The name of a check that was given a sentence instead of a file."""


@dataclass(frozen=True)
class CheckAnswer:
    """The one box: what it comes to, and its tone."""

    sentence: str
    tone: str
    """harms, undecided, helps."""


def answer(told: CheckedStatements) -> CheckAnswer:
    """Return the sentence of the box."""
    n = told.counts
    if len(told.checked) == 1:
        return _of_one(told.checked[0])
    parts = [
        f"{n[word]} {words}"
        for word, words in (
            ("SUPPORTED", "supported"), ("QUALIFIED", "qualified"), ("REFUTED", "refuted"), ("MIXED", "mixed"),
            ("SCOPE DIFFERS", "of another scope"), ("NOT SURE", "NOT SURE"), ("NOT ENOUGH", "without a passage"), ("NOT CHECKED", "not checked"),
        )
        if n[word]
    ]  # fmt: skip
    tone = "harms" if n["REFUTED"] or n["MIXED"] else "helps" if n["SUPPORTED"] == len(told.checked) else "undecided"
    return CheckAnswer(f"{len(told.checked):,} statements: {', '.join(parts)}.", tone)


def _of_one(checked: CheckedStatement) -> CheckAnswer:
    said = {
        "SUPPORTED": ("SUPPORTED: its source says so.", "helps"), "REFUTED": ("REFUTED: its source says the opposite.", "harms"),
        "QUALIFIED": ("QUALIFIED: its source says it with a condition, a doubt or a limit that the statement dropped.", "undecided"),
        "MIXED": ("MIXED: some works say so, others the opposite.", "harms"),
        "SCOPE DIFFERS": ("SCOPE DIFFERS: the passage speaks of another thing.", "undecided"),
        "NOT SURE": ("NOT SURE: read the passage.", "undecided"), "NOT ENOUGH": ("NOT ENOUGH: nothing that was read speaks of it.", "undecided"),
        "NOT CHECKED": ("NOT CHECKED.", "undecided"),
    }  # fmt: skip
    return CheckAnswer(*said[checked.word])


def heading(told: CheckedStatements) -> str:
    """Say what was checked, and in what: "claims.jsonl · 300 statements · in 5,183 works of corpus.jsonl"; "one statement · in 1 work of owls.txt"."""
    n, works = len(told.checked), f"{told.n_works:,} work{'s' if told.n_works != 1 else ''}"
    what = told.name if told.name == ONE_STATEMENT else f"{told.name} · {n:,} statement{'s' if n != 1 else ''}"
    ranked = f" · ranked by BM25 and {told.encoder}" if told.encoder else ""
    return f"{what} · in {works} of {', '.join(told.inside)}{ranked}"


def coverage(told: CheckedStatements) -> str:
    """Say how many statements have a verdict, beside the risk that was asked for: coverage never stands without it."""
    n = len(told.checked)
    return f"verdicts on {told.n_decided:,} of {n:,} statement{'s' if n != 1 else ''} ({percent(told.coverage)}) · target risk {percent(told.risk)}"


def limits(told: CheckedStatements) -> Iterator[str]:
    """Say for each kind of text whether the entailer may give verdicts, and why not."""
    yield from (_limit(told, measured) for measured in told.measured)


def _limit(told: CheckedStatements, measured: TextMeasured) -> str:
    kind, calibration, threshold = f"{measured.kind}s", measured.calibration, measured.threshold
    if calibration is None:
        return f"{told.entailer} gives no verdict on {kind}: how often it is right on them was never measured"
    n = f"{len(calibration.stated):,} pairs"
    if threshold is None:
        return (
            f"{told.entailer} gives no verdict on {kind}, only passages: on {n} no share of its verdicts had a risk within {percent(told.risk)} "
            "at the 95 % upper bound"
        )
    return (
        f"{told.entailer} on {kind}: risk {percent(threshold.risk)}, at most {percent(threshold.upper)}, on {percent(threshold.coverage)} of {n} "
        f"({calibration.data}); it holds for texts like these"
    )


def by_rules(told: CheckedStatements) -> str:
    """Say how many verdicts are of rules alone; "" where none is."""
    found = [
        (
            sum(RULES in checked.entailer.split(", ") for checked in told.checked),
            "by rules, on statements that copy a sentence",
        ),
        (sum(TABLES in checked.entailer.split(", ") for checked in told.checked), "by rules on tables"),
    ]
    return " · ".join(f"{n:,} verdict{'s' if n != 1 else ''} {by}" for n, by in found if n)


def rules(told: CheckedStatements, on: RulesOn = "sentence") -> str:
    """Say which verdicts the rules may give at the target, and how often each may be wrong; of tables, "" where no work has one."""
    if on == "cell" and not told.n_cells:
        return ""
    risks = rule_risks(on).values()
    kept = [f"{percent(risk.upper)} of {risk.word}" for risk in risks if risk.is_within(told.risk)]
    lost = [f"{risk.word} ({percent(risk.upper)})" for risk in risks if not risk.is_within(told.risk)]
    may = f"{WHOSE[on]}: at most so many are wrong (95 % upper bound): {', '.join(kept)}" if kept else ""
    may_not = (
        f"{WHOSE[on].partition(',')[0]} print no {', no '.join(lost)}, because that may be wrong more often than the target"
        if lost
        else ""
    )
    return "; ".join(part for part in (may, may_not) if part)


def rests_on(risk: RuleRisk) -> str:
    """Say on what the risk of a word rests: "SUPPORTED: at most 0.45 % wrong, at 95 %: 4 of 1,999 wrong on contrast pairs; …"."""
    parts = [f"{o.n_wrong:,} of {o.n:,} wrong on {o.data}" for o in risk.outcomes]
    return f"{risk.word}: at most {percent(risk.upper)} wrong, at 95 %: {'; '.join(parts)}"
