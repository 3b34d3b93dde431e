"""Exports of a search: prisma.json, works.json, and the table that people fill in."""

import evidense
from evidense.records import Json
from evidense.report.labels import table
from evidense.report.search.summary import answer
from evidense.searching.hits import Hit
from evidense.searching.labels import COLUMNS
from evidense.searching.outcome import SearchOutcome
from evidense.searching.stopping import Recall

SCHEMA = "evidense-prisma/1"
_LONGEST_ABSTRACT = 1_500


def prisma_json(outcome: SearchOutcome) -> dict[str, Json]:
    """Return prisma.json: the numbers of the flow, and what they rest on."""
    following = outcome.screened.following
    return {
        "schema": SCHEMA,
        "version": evidense.__version__,
        "question": outcome.plan.question,
        "answer": answer(outcome).sentence,
        **outcome.prisma.to_json(),
        "works": len(outcome.found.hits),
        "doubtful_pairs": len(outcome.found.doubts),
        "criteria": [{"effect": c.effect, "name": c.name, "line": c.line} for c in outcome.criteria.lines],
        "labels": outcome.n_labels,
        "labels_of_unknown_works": list(outcome.screened.unknown),
        "order_learnt_from": outcome.screened.taught_by,
        "next": {"kind": following.kind, "works": len(following.works), "sample": following.sample},
        "target_recall": outcome.target,
        "recall": recall_json(following.recall) if outcome.n_labels else None,
        "sources": [
            {
                "source": s.name,
                "covers": s.covers,
                "state": s.state,
                "works": s.n_works,
                "total": s.total,
                "detail": s.detail,
                "query": s.query,
            }
            for s in outcome.sources
        ],
        "questions": [{"source": source, "url": url} for source, url in outcome.questions],
    }


def recall_json(recall: Recall | None) -> Json:
    """Return what is known of the recall: at least so much, at 95 % over all looks."""
    if recall is None:
        return None
    return {
        "low": recall.least,
        "high": 1.0,
        "confidence": 0.95,
        "found": recall.n_found,
        "left_at_most": recall.n_left_most,
        "not_screened": recall.n_left,
    }


def works_json(outcome: SearchOutcome) -> list[dict[str, Json]]:
    """Return every work with what was decided: passed, waiting, screened out, ineligible."""
    rank = {name: n for n, name in enumerate(outcome.screened.order, 1)}
    return [
        {**_work_json(hit), "outcome": outcome.screened.decisions[hit.name].outcome, "reason": outcome.screened.decisions[hit.name].reason,
         "by": outcome.screened.decisions[hit.name].by, "rank": rank.get(hit.name), "score": outcome.screened.scores.get(hit.name),
         "may_be": [list(d.names) for d in outcome.found.doubts if hit.name in d.names]}
        for kind in ("passed", "waiting", "screened out", "ineligible")
        for hit in outcome.works(kind)
    ]  # fmt: skip


def _work_json(hit: Hit) -> dict[str, Json]:
    work = hit.work
    return {
        "work": hit.name, "title": work.title, "authors": list(work.authors), "year": work.year, "venue": work.venue, "kind": work.kind,
        "identifiers": dict(work.identifiers), "abstract": work.abstract, "url": work.url, "text_url": work.text_url, "licence": work.licence or "unknown",
        "notices": [{"relation": n.relation, "date": n.date, "reason": n.reason} for n in work.notices],
        "versions": list(hit.versions), "found_by": list(hit.sources),
        "records": [{"source": r.source, "title": r.title, "year": r.year, "identifiers": dict(r.identifiers)} for r in hit.records],
    }  # fmt: skip


def to_screen_csv(outcome: SearchOutcome) -> bytes:
    """Return the works to be screened next, as a table with an empty column for the label."""
    following = outcome.screened.following
    rows = []
    for name in following.works:
        work = outcome.by_name[name].work
        sample = str(following.sample) if following.kind == "sample" else ""
        rows.append([name, "", "", sample, work.title, str(work.year or ""), work.abstract[:_LONGEST_ABSTRACT]])
    return table([COLUMNS, *rows])
