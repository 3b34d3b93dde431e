"""Summary: the answer to a question in one sentence and the numbers beside it; terminal, page and Markdown print the same.

The rule: ANSWERED where each facet of the question has a finding that stands in its own work, that an independent work says too, and
that none contradicts. PARTLY ANSWERED where there is a finding, but not that. NOT ANSWERED where there is none.
"""

from dataclasses import dataclass
from typing import Literal

from evidense.auditing.public_records.levels import LEVELS, counted, paper_level
from evidense.boundary.numerals import plain
from evidense.checking.aggregate import DECIDED
from evidense.report.ask.tiers import columns_of, tier
from evidense.report.ask.told import AskedFinding, AskOutcome
from evidense.report.check.words import CHECK_WORDS
from evidense.report.experiments import brief, was_tested
from evidense.report.search import summary as searching
from evidense.report.search.summary import count
from evidense.reviewing.panel import Panel
from evidense.reviewing.sensitivity import SensitivityTable

AnswerWord = Literal["ANSWERED", "PARTLY ANSWERED", "NOT ANSWERED"]
RULE = (
    "ANSWERED: each facet of the question has a finding that stands in its own work and that an independent work says too, and none is contradicted. "
    "PARTLY ANSWERED: there is a finding, but not that. NOT ANSWERED: there is none."
)
MADE = "A machine chose, quoted and checked every sentence; none is written by it."
MADE_WITH_CELLS = "A machine chose, quoted and checked every sentence; it says values of tables by template."
COLUMNS = ("its source", "other works", "our experiment")
AGREEMENT = (
    "α says how alike the reviewers' scores fall when defects are planted: 1 would be always together; it is near 0 since each looks at another thing. "
    "The effective number is how many independent reviewers they are worth"
)
MOST, N_LOWEST = 10.0, 2
"""What a reviewer gives that finds nothing, and how many of the lowest scores are named."""


@dataclass(frozen=True)
class AskAnswer:
    """The one box."""

    word: AnswerWord
    sentence: str
    tone: str
    """helps, undecided, harms."""


def answer(told: AskOutcome) -> AskAnswer:
    """Return what a question comes to, by the rule."""
    if why := _why_not(told):
        return AskAnswer("NOT ANSWERED", f"NOT ANSWERED: {why}", "harms")
    answered = [facet for facet in told.facets if told.borne_out(facet)]
    n_against = sum(f.is_contradicted for f in told.findings)
    works = len(told.included)
    if told.facets and len(answered) == len(told.facets) and not n_against:
        n = sum(f.is_borne_out for f in told.findings)
        said = f"{count(n, 'finding')} of {count(works, 'work')} {_verb(n, 'is', 'are')} borne out by independent works"
        return AskAnswer("ANSWERED", f"ANSWERED: {said}, on every facet of the question.", "helps")
    lacking = [facet for facet in told.facets if facet not in answered]
    parts = [f"{count(len(told.findings), 'finding')} of {count(works, 'work')}"]
    n_borne = sum(f.is_borne_out for f in told.findings)
    if n_borne:
        parts.append(f"{n_borne:,} {_verb(n_borne, 'is', 'are')} borne out by independent works")
    if n_against:
        parts.append(f"{n_against:,} {_verb(n_against, 'is', 'are')} contradicted")
    if lacking:
        parts.append(f"none is borne out on {', '.join(lacking)}")
    return AskAnswer("PARTLY ANSWERED", f"PARTLY ANSWERED: {'; '.join(parts)}.", "undecided")


def _why_not(told: AskOutcome) -> str:
    """Say why there is no answer; "" where there is a finding."""
    if told.findings:
        return ""
    search, flow = told.search, told.search.prisma
    if not search.n_answered or not search.found.hits or all(hit.is_retracted for hit in search.found.hits):
        said = searching.answer(search).sentence
        return said[0].lower() + said[1:]
    n = len(search.found.hits)
    if not flow.sought:
        waiting = (
            f" {count(flow.waiting, 'work')} {_verb(flow.waiting, 'waits', 'wait')} for a person."
            if flow.waiting
            else ""
        )
        return f"of {count(n, 'work')} none passes screening.{waiting}"
    if not flow.assessed:
        return f"of {count(flow.sought, 'work')} that {_verb(flow.sought, 'passes', 'pass')} screening none has a text or an abstract at hand."
    return f"of {count(flow.assessed, 'work')} that {_verb(flow.assessed, 'was', 'were')} read none has a finding that names a facet of the question."


def _verb(n: int, one: str, several: str) -> str:
    return one if n == 1 else several


def flow(told: AskOutcome) -> str:
    """Say how many records, works, read and used: "found 12 → 9 works → 7 read → 5 used"."""
    numbers = told.search.prisma
    silent = sum(not source.has_answered for source in told.search.sources)
    read = f"found {numbers.n_identified:,} → {count(len(told.search.found.hits), 'work')} → {numbers.assessed:,} read → {numbers.included:,} used"
    parts = [read, f"{count(silent, 'source')} did not answer" if silent else "", recall(told)]
    return " · ".join(part for part in parts if part)


def plan(told: AskOutcome) -> str:
    """Say what the question was divided into."""
    return f"facets: {' · '.join(told.facets)}" if told.facets else "queries written by hand"


def made(told: AskOutcome) -> str:
    """Say who made the report."""
    return MADE_WITH_CELLS if any(finding.kind == "cell" for finding in told.findings) else MADE


def recall(told: AskOutcome) -> str:
    """Say what is known of the recall of the screening."""
    known = told.search.screened.following.recall
    if known is None or not told.search.n_labels:
        return "recall of screening not known: no labels"
    return f"recall of screening ≥ {plain(known.least, 2)} [{plain(known.least, 2)}, 1.00]"


def removed(told: AskOutcome) -> str:
    """Say what was left out, with the reasons; "" where nothing was."""
    numbers = told.search.prisma
    out = dict(numbers.ineligible)
    for counts in (*numbers.screened_out.values(), numbers.not_retrieved, numbers.excluded):
        for reason, n in counts.items():
            out[reason] = out.get(reason, 0) + n
    return f"left out: {searching.reasons(out)}" if out else ""


def set_aside(told: AskOutcome) -> str:
    """Say what text was set aside, by its reason; "" where none was."""
    reasons: dict[str, int] = {}
    for one in told.aside:
        why = one.why.partition(":")[0]
        reasons[why] = reasons.get(why, 0) + 1
    words = {
        "hidden": "hidden from readers",
        "an order to readers by machine": "telling machines what to do",
        "reports others": "reporting others",
    }
    said = ", ".join(f"{n:,} {words.get(why, why)}" for why, n in sorted(reasons.items()))
    return f"sentences set aside: {said}" if said else ""


def stated(told: AskOutcome) -> str:
    """Say what the report claims of itself, so that an audit can count it again: claims, papers, score, level, tier."""
    found = [columns_of(finding) for finding in told.findings]
    counts = counted(found)
    level, score = LEVELS[paper_level(counts)], told.panel.score
    n, verified = len(found), counts["cross_source_corroborated_claims"]
    claims = f"{count(n, 'claim')} {_verb(n, 'was', 'were')} extracted from {count(len(told.included), 'paper')}"
    grounded = counts["source_grounded_claims"]
    own, other = _verb(grounded, "stands in its", "stand in their"), _verb(verified, "was", "were")
    borne_out = f"{grounded:,} {own} own source, {verified:,} {other} verified by an independent one"
    lowest = min((vote.score for vote in told.panel.votes if vote.score is not None), default=0.0)
    reviewed = (
        f"review score {score:.1f}/10, the median of dimensions (lowest {lowest:.1f})"
        if score is not None
        else "no review score"
    )
    return f"{claims}; {borne_out}; {reviewed}. Verification level {level.number}: {level.label}. Tier: {tier(told)}."


def columns(finding: AskedFinding) -> tuple[str, str, str]:
    """Return the three columns: its source, other works, our experiment."""
    checked = finding.checked
    n_same = len({same.source for same in finding.same})
    also = f", its own and {n_same} other{'s' if n_same > 1 else ''}" if n_same else ""
    return _column(checked.grounded), f"{_column(checked.corroborated)}{also}", brief(checked.tested)


def _column(word: str) -> str:
    if word in ("NOT ENOUGH", "NOT CHECKED"):
        return "–"
    known = CHECK_WORDS[word]
    return f"{known.icon} {known.word.lower() if word != 'NOT SURE' else known.word}"


def tally(told: AskOutcome) -> str:
    """Say what the findings come to: "12 statements: 5 borne out by others, 1 contradicted, 6 that one work says alone"."""
    n = len(told.findings)
    borne = sum(f.is_borne_out for f in told.findings)
    against = sum(f.is_contradicted for f in told.findings)
    unsure = sum(f.checked.corroborated == "NOT SURE" for f in told.findings)
    tested = sum(was_tested(f.checked.tested) for f in told.findings)
    alone = n - borne - against - unsure
    parts = [
        (borne, "borne out by others"), (against, "contradicted"), (unsure, "NOT SURE of others: read the passages"),
        (alone, "that no other work speaks of"),
    ]  # fmt: skip
    said = ", ".join(f"{k:,} {words}" for k, words in parts if k)
    more = f" · {told.n_unchecked:,} more were not checked" if told.n_unchecked else ""
    return f"{count(n, 'statement')}: {said} · {tested:,} tested here{more}" if n else ""


def coverage(told: AskOutcome) -> str:
    """Say on how many statements other works come to a verdict, beside the risk that was asked for."""
    n = len(told.findings)
    decided = sum(f.checked.corroborated in DECIDED for f in told.findings)
    return f"other works decide {decided:,} of {count(n, 'statement')} · target risk {100 * told.checks.risk:.3g} %"


def review(told: AskOutcome) -> str:
    """Say what the reviewers come to, in one line: the lowest scores first, since a median hides what is missing."""
    panel, table = told.panel, told.table
    given = sorted((vote.score, vote.dimension) for vote in panel.votes if vote.score is not None)
    if not given:
        return f"reviewers: no score · {noticed(table)}"
    content = sum(score == MOST for score, _ in given)
    low = ", ".join(f"{dimension} {score:.1f}" for score, dimension in given[:N_LOWEST] if score < MOST)
    capped = f" (at most 4 in all: {'; '.join(panel.capped)})" if panel.capped else ""
    said = f"{content} of {len(given)} find nothing to object to{f'; lowest of 10: {low}' if low else ''}{capped}"
    return f"reviewers: {said} · {noticed(table)}"


def independent(panel: Panel, table: SensitivityTable) -> str:
    """Say how far reviewers agree over planted defects, and how many independent ones they are worth."""
    agreed = table.agreement
    alpha = (
        f"α {plain(agreed.alpha, 2)} [{plain(agreed.low, 2)}, {plain(agreed.high, 2)}]"
        if agreed.alpha is not None and agreed.low is not None and agreed.high is not None
        else "α not defined"
    )
    effective = (
        f"{table.effective.n:.1f} effective" if table.effective.n is not None else "effective number not defined"
    )
    return f"{alpha}, {effective}"


def noticed(table: SensitivityTable) -> str:
    """Say how many of the planted defects their reviewers noticed."""
    tried = [row for row in table.rows if row.n]
    failed = f", failed: {', '.join(table.failed)}" if table.failed else ""
    return f"planted defects noticed {sum(row.is_noticed for row in tried):,} of {len(tried):,}{failed}"
