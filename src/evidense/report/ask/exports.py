"""Exports of a question: report.json."""

from dataclasses import asdict
from hashlib import sha256

import evidense
from evidense.checking.facts import facts_of
from evidense.checking.scope import FIELDS
from evidense.records import Json
from evidense.report.ask import summary
from evidense.report.ask.told import AskedFinding, AskedWork, AskOutcome
from evidense.report.check.exports import checked_json
from evidense.values import Passage

SCHEMA = "evidense-report/1"


def report_json(told: AskOutcome) -> dict[str, Json]:
    """Return report.json: the answer with its rule, every statement with its passages, works, what was set aside, and the review."""
    answer, checks = summary.answer(told), told.checks
    return {
        "schema": SCHEMA, "version": evidense.__version__, "question": told.question, "facets": list(told.facets),
        "answer": {"word": answer.word, "sentence": answer.sentence, "rule": summary.RULE},
        "written_by": summary.made(told), "limitations": told.limitations, "screened_by_facets": told.by_facets,
        "counts": {
            "records": told.search.prisma.n_identified, "works": len(told.search.found.hits), "read": told.search.prisma.assessed,
            "used": len(told.included), "statements": len(told.findings), "not_checked": told.n_unchecked,
            "borne_out": sum(f.is_borne_out for f in told.findings), "contradicted": sum(f.is_contradicted for f in told.findings),
            "words": dict(sorted(told.counts.items())), "from": "events.jsonl and the statements below",
        },
        "per_facet": {facet: [f.checked.id for f in told.borne_out(facet)] for facet in told.facets},
        "risk": checks.risk, "entailer": checks.entailer, "encoder": checks.encoder,
        "statements": [_statement(f) for f in told.findings], "works": [_work(w) for w in told.works],
        "set_aside": [asdict(one) for one in told.aside], "review": _review(told),
    }  # fmt: skip


def _statement(finding: AskedFinding) -> dict[str, Json]:
    return {
        **checked_json(finding.checked), "facets": list(finding.facets), "place": passage_json(finding.place), **_facts(finding),
        "says_the_same": [passage_json(same) for same in finding.same], "record": finding.record,
    }  # fmt: skip


def _facts(finding: AskedFinding) -> dict[str, Json]:
    """Return what rules read in a statement: what it is of, whose, its hedges, its numbers and its scope; a cell's by its headings."""
    text = finding.checked.statement
    facts = facts_of(text if finding.kind == "sentence" else text.rpartition(f" ({finding.place.section}")[0])
    return {
        "of": finding.kind, "kind": "finding", "own": True, "cites": finding.cites_others, "hedges": list(facts.hedges),
        "numbers": [
            {"quote": q.quote.strip(), "low": q.low, "high": q.high, "unit": q.unit, "comparator": q.comparator, "kind": q.kind} for q in facts.numbers
        ],
        "scope": {field: list(facts.scope.get(field, ())) for field in FIELDS},
    }  # fmt: skip


def passage_json(passage: Passage) -> dict[str, Json]:
    """Return a passage with its place; `says` is what a cell of a table states."""
    span = passage.span
    return {
        "source": passage.source,
        "quote": span.quote,
        "start": span.start,
        "end": span.end,
        "section": passage.section,
        "says": passage.says,
    }


def _work(work: AskedWork) -> dict[str, Json]:
    meant = work.hit.work
    return {
        "key": work.key, "work": work.hit.name, "title": meant.title, "authors": list(meant.authors), "year": meant.year, "venue": meant.venue,
        "read_as": work.read_as, "facets": sorted(work.facets), "outcome": work.outcome, "reason": work.reason, "versions": list(work.hit.versions),
        "text_sha256": sha256(work.whole.text.encode("utf-8", "replace")).hexdigest() if work.whole else "",
    }  # fmt: skip


def _review(told: AskOutcome) -> dict[str, Json]:
    panel, table = told.panel, told.table
    return {
        "score": panel.score, "median": panel.median, "capped": list(panel.capped),
        "votes": [
            {
                "reviewer": v.reviewer, "dimension": v.dimension, "asks": told.asks.get(v.reviewer, ""),
                "score": v.score, "reason": v.reason, "evidence": list(v.evidence)}
            for v in panel.votes
        ],
        "agreement": asdict(table.agreement), "effective": asdict(table.effective),
        "sensitivity": [{**asdict(row), "is_noticed": row.is_noticed} for row in table.rows],
        "swayed": [list(row) for row in table.swayed], "untried": list(table.untried), "failed": list(table.failed),
    }  # fmt: skip
