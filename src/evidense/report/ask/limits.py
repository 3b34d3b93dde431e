"""Limits: what a report does not rest on, in sentences over counts; the reviewers read them too."""

from collections.abc import Iterator, Sequence

from evidense.checking.aggregate import DECIDED
from evidense.report.ask.told import AskedWork
from evidense.report.check import summary as checking
from evidense.report.check.statements import CheckedStatements
from evidense.report.search.summary import count
from evidense.searching.outcome import SearchOutcome


def limitations(search: SearchOutcome, works: Sequence[AskedWork], checks: CheckedStatements) -> str:
    """Return the limits of a report."""
    return " ".join(_sentences(search, works, checks))


def _sentences(search: SearchOutcome, works: Sequence[AskedWork], checks: CheckedStatements) -> Iterator[str]:
    silent = [source.display_name for source in search.sources if not source.has_answered]
    n_answered = len(search.sources) - len(silent)
    yield f"Only {count(n_answered, 'source')} {'was' if n_answered == 1 else 'were'} searched, with an English question."
    if silent:
        yield f"Not searched: {', '.join(silent)}."
    if not search.n_labels:
        yield "No person labelled a work, so that the recall of the screening is not known."
    n_abstracts = sum(work.read_as == "abstract" for work in works)
    n_texts = sum(work.read_as == "full text" for work in works)
    yield f"Of {count(n_texts, 'work')} the full text was read, of {n_abstracts:,} only the abstract; figures were not read."
    yield f"Of tables, {count(checks.n_cells, 'cell')} under a named measure {'was' if checks.n_cells == 1 else 'were'} read; tables of PDFs were not."
    n_included = sum(work.outcome == "included" for work in works)
    yield f"The answer rests on only {count(n_included, 'work')}."
    n, n_open = len(checks.checked), sum(c.corroborated not in DECIDED for c in checks.checked)
    yield f"Statements are quotations that a machine chose and checked by rules and {checks.entailer}; no person did."
    yield from (f"{remark}." for remark in checks.remarks)
    yield f"On {n_open:,} of {count(n, 'statement')} other works say nothing for sure."
    yield "It cannot say more than these works: other tasks, data, models and populations are beyond its scope."


def verdict_limits(checks: CheckedStatements) -> list[str]:
    """Say of which kinds of text the entailer may give verdicts."""
    return list(checking.limits(checks))
