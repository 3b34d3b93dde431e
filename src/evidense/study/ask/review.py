"""Review: the report as a synthesis, every reviewer's vote on it, and whether each reviewer would notice what it is for."""

from collections.abc import Sequence

from evidense import registry
from evidense.parts import Reviewer
from evidense.report.ask.told import AskedFinding, AskedWork
from evidense.reviewing.panel import Panel, review
from evidense.reviewing.sensitivity import SensitivityTable, sensitivity
from evidense.searching.outcome import SearchOutcome
from evidense.values import Synthesis, SynthesisSource, SynthesisStatement

SEEDS = 3
"""Seeds of each planted defect: enough to see a reviewer that is blind; tests/reviewing plants with 100."""


def synthesis_of(
    search: SearchOutcome, works: Sequence[AskedWork], findings: Sequence[AskedFinding], limitations: str
) -> Synthesis:
    """Return the report as reviewers see it: its statements, the works that it rests on, its counts and its limits."""
    used = [work for work in works if work.outcome == "included"]
    statements = tuple(map(_statement, findings))
    n_grounded = sum(s.grounded in ("SUPPORTED", "QUALIFIED") for s in statements)
    return Synthesis(
        search.plan.question, tuple(f.name for f in search.plan.facets), statements, tuple(map(_source, used)),
        {"papers": len(used), "claims": len(statements), "verified": n_grounded}, limitations,
        " ".join(statement.text for statement in statements),
    )  # fmt: skip


def _statement(finding: AskedFinding) -> SynthesisStatement:
    place, checked = finding.place, finding.checked
    sources = tuple(dict.fromkeys([place.source, *(same.source for same in finding.same)]))
    return SynthesisStatement(
        checked.statement, "finding", sources, place.says or place.span.quote, True, checked.grounded, checked.corroborated, checked.tested,
        frozenset(finding.facets),
    )  # fmt: skip


def _source(work: AskedWork) -> SynthesisSource:
    meant = work.hit.work
    return SynthesisSource(work.key, meant.title, meant.abstract, True, work.hit.is_retracted, work.facets)


def reviewed(synthesis: Synthesis) -> tuple[Panel, SensitivityTable, dict[str, str]]:
    """Return what all reviewers of the shelf make of it, how they stand to planted defects, and what each asks."""
    reviewers: list[Reviewer] = registry.parts("reviewers")
    table = sensitivity(synthesis, reviewers, seeds=range(SEEDS))
    return review(synthesis, reviewers), table, {reviewer.name: reviewer.asks for reviewer in reviewers}
