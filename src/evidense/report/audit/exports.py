"""Exports of an audit: audit.json, a table, and SARIF for continuous integration."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import evidense
from evidense.auditing.audited import Audit, AuditedReference
from evidense.auditing.policies import POLICIES
from evidense.auditing.statements import TracedStatement
from evidense.records import Json
from evidense.report.audit.statement_lines import quote_place, source_word
from evidense.report.audit.summary import answer, counts, problems, reason
from evidense.report.audit.words import REFERENCE_WORDS
from evidense.report.labels import table
from evidense.values import Work

SCHEMA = "evidense-audit/1"
_SARIF_LEVELS: Mapping[str, str] = {
    "RETRACTED": "error", "OTHER WORK": "error", "NOT FOUND": "warning", "WRONG FIELD": "warning", "CONCERN": "warning", "CORRECTED": "note",
    "OLDER VERSION": "note", "INDEXES DISAGREE": "note", "NOT ASKED": "note",
}  # fmt: skip


def audit_json(audit: Audit) -> dict[str, Json]:
    """Return audit.json: what was read, what it comes to, every reference and every statement."""
    document = audit.document
    return {
        "schema": SCHEMA,
        "version": evidense.__version__,
        "file": audit.name,
        "format": document.format,
        "title": document.title,
        "answer": answer(audit).sentence,
        "remarks": list(audit.remarks),
        "said": [
            {"what": said.what, "says": said.says, "found": said.found, "agrees": said.agrees} for said in audit.said
        ],
        "policy": audit.policy,
        "gate": {
            "verdicts": list(audit.gate),
            "met": not audit.stopping and not audit.is_undecided,
            "stopping": dict(audit.stopping),
            "not_decided": counts(audit)["NOT ASKED"],
            "remark": audit.gate_remark,
        }
        if audit.gate
        else None,
        "counts": dict(counts(audit)),
        "requests": audit.n_requests,
        "questions": [{"source": source, "url": url} for source, url in audit.questions],
        "sources": [
            {
                "source": s.name,
                "covers": s.covers,
                "answers": dict(s.states),
                "detail": s.detail,
                "unread": list(s.flaws),
            }
            for s in audit.sources
        ],
        "references": [reference_json(audited, audit.policy) for audited in audit.references],
        "statements": [statement_json(statement) for statement in audit.statements],
        "encoder": {"name": audit.encoder.name, "fingerprints": list(audit.encoder.fingerprints)}
        if audit.encoder
        else None,
        "missing_keys": list(audit.missing_keys),
        "uncited_keys": list(audit.uncited_keys),
        "mistakes": list(document.mistakes),
        "hidden": [{"quote": h.quote, "reason": h.reason, "page": h.page} for h in document.hidden],
        "licence": document.licence or "unknown",
        "order_is_sure": document.is_order_sure,
    }


def reference_json(audited: AuditedReference, policy: str = "") -> dict[str, Json]:
    """Return one reference; `fields` are those that are wrong, `confirmed` those that an index confirms."""
    reference, decision = audited.reference, audited.decision
    row: dict[str, Json] = {
        "key": reference.key,
        "kind": reference.kind,
        "title": reference.title,
        "verdict": decision.verdict,
        "reason": reason(audited),
        "fields": [
            {"name": c.name, "cited": c.cited, "found": c.known, "by": list(c.by), "missing": list(c.missing), "foreign": list(c.foreign)}
            for c in decision.fields
            if c.is_wrong
        ],
        "confirmed": {c.name: list(c.by) for c in decision.fields if c.state == "confirmed"},
        "asked": [
            {"source": a.source, "answer": a.state, "by": a.by, "detail": a.detail} for a in audited.asked
        ],
        "newer": dict(decision.newer) if decision.newer else None,
        "place": audited.place,
        "line": reference.line,
        "notes": list(audited.notes),
        "work": work_json(decision.work) if decision.work else None,
    }  # fmt: skip
    if policy:
        ruling = POLICIES[policy](decision)
        row["policy"] = {"name": policy, "weight": ruling.weight, "reason": ruling.reason}
    return row


def work_json(work: Work) -> dict[str, Json]:
    """Return the work that a reference means, as the index that agrees best has it."""
    return {
        "source": work.source, "title": work.title, "authors": list(work.authors), "year": work.year, "venue": work.venue,
        "identifiers": dict(work.identifiers), "licence": work.licence or "unknown", "url": work.url,
    }  # fmt: skip


def statement_json(statement: TracedStatement) -> dict[str, Json]:
    """Return one statement with its passage; `rules` name the changes of meaning."""
    quote, place = statement.quote, statement.place
    return {
        "text": statement.text,
        "place": {"start": place.start, "end": place.end, "page": place.page},
        "kind": statement.kind,
        "source": statement.source,
        "quote": quote.span.quote if quote else "",
        "quote_place": quote_place(quote) if quote else "",
        "quote_span": [quote.span.start, quote.span.end] if quote else None,
        "alignment": statement.alignment.kind,
        "similarity": statement.alignment.similarity,
        "cut": statement.alignment.is_cut,
        "lost": list(statement.lost),
        "added": list(statement.added),
        "rules": [
            {"rule": loss.rule, "words": loss.words, "instead": loss.instead, "added": loss.is_added}
            for loss in statement.losses
        ],
        "cites": list(statement.cites),
        "others": [{"quote": other.span.quote, "place": quote_place(other)} for other in statement.others],
        "notes": list(statement.notes),
        "experiment": statement.experiment,
        "says": source_word(statement),
        "verdict": statement.verdict,
        "corroborated": statement.corroborated,
        "reasons": list(statement.reasons),
        "confidence": statement.confidence,
        "entailer": statement.entailer,
        "calibrator": statement.calibrator,
    }


_COLUMNS = (
    "key",
    "verdict",
    "reason",
    "fields",
    "place",
    "title",
    "year",
    "venue",
    "doi",
    "found_title",
    "found_doi",
    "asked",
)


def references_csv(audit: Audit) -> bytes:
    """Return one line a reference; cells that a spreadsheet would compute are made texts."""
    return table([_COLUMNS, *(_row(audited) for audited in audit.references)])


def _row(audited: AuditedReference) -> Sequence[Json]:
    reference, decision = audited.reference, audited.decision
    wrong = ", ".join(check.name for check in decision.fields if check.is_wrong)
    found = (decision.work.title, decision.work.identifiers.get("doi", "")) if decision.work else ("", "")
    asked = "; ".join(f"{a.source}: {a.state}" for a in audited.asked)
    cited = (reference.title, reference.year, reference.venue, reference.identifiers.get("doi", ""))
    return (reference.key, decision.verdict, reason(audited), wrong, audited.place, *cited, *found, asked)


def sarif(audit: Audit) -> dict[str, Json]:
    """Return the problems in SARIF 2.1.0, the format that code hosts show beside lines."""
    rules = [
        {
            "id": _rule_id(word.word),
            "name": word.word.title().replace(" ", ""),
            "shortDescription": {"text": word.meaning},
            "defaultConfiguration": {"level": _SARIF_LEVELS[word.word]},
        }
        for word in REFERENCE_WORDS.values()
        if word.word in _SARIF_LEVELS
    ]
    driver = {"name": "Evidense", "version": evidense.__version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "results": [_result(audited, audit.name) for audited in problems(audit)]}
        ],
    }


def _rule_id(verdict: str) -> str:
    return f"reference/{verdict.lower().replace(' ', '-')}"


def _result(audited: AuditedReference, name: str) -> dict[str, Json]:
    verdict = audited.decision.verdict
    place: dict[str, Json] = {"artifactLocation": {"uri": quote(name)}}
    if audited.reference.line is not None:
        place["region"] = {"startLine": audited.reference.line}
    return {
        "ruleId": _rule_id(verdict),
        "level": _SARIF_LEVELS[verdict],
        "message": {"text": f"{audited.reference.key}: {verdict}: {reason(audited)}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"reference": f"{audited.reference.key}:{verdict}"},
    }
