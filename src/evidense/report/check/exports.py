"""Exports of a check: checks.json."""

import evidense
from evidense.checking.aggregate import CheckedStatement, StancedPassage
from evidense.records import Json
from evidense.report.check import summary
from evidense.report.check.statements import CheckedStatements

SCHEMA = "evidense-checks/1"


def checks_json(told: CheckedStatements) -> dict[str, Json]:
    """Return checks.json: what was asked, what the entailer may say, and every statement."""
    return {
        "schema": SCHEMA, "version": evidense.__version__, "name": told.name, "inside": list(told.inside), "works": told.n_works,
        "risk": told.risk, "entailer": told.entailer, "encoder": told.encoder, "answer": summary.answer(told).sentence,
        "coverage": told.coverage, "counts": {word: told.counts[word] for word in sorted(told.counts)},
        "limits": list(summary.limits(told)), "remarks": list(told.remarks),
        "calibrations": [
            {
                "kind": m.kind, "id": m.calibration.id if m.calibration else "", "data": m.calibration.data if m.calibration else "",
                "threshold": m.threshold.at if m.threshold else None, "risk": m.threshold.risk if m.threshold else None,
                "risk_upper": m.threshold.upper if m.threshold else None, "coverage": m.threshold.coverage if m.threshold else 0.0,
            }
            for m in told.measured
        ],
        "statements": [checked_json(checked) for checked in told.checked],
    }  # fmt: skip


def checked_json(checked: CheckedStatement) -> dict[str, Json]:
    """Return one statement."""
    return {
        "id": checked.id, "text": checked.statement, "verdict": checked.word, "confidence": checked.confidence, "entailer": checked.entailer,
        "calibrator": checked.calibrator, "evidence": [_evidence_json(evidence) for evidence in checked.evidence],
        "grounded": checked.grounded, "corroborated": checked.corroborated, "tested": checked.tested,
        "reasons": list(checked.reasons), "cites": list(checked.cites),
    }  # fmt: skip


def _evidence_json(evidence: StancedPassage) -> dict[str, Json]:
    passage = evidence.passage
    return {
        "source": passage.source, "quote": passage.span.quote, "start": passage.span.start, "end": passage.span.end,
        "stance": evidence.stance, "by": evidence.by, "title": passage.title, "section": passage.section,
    }  # fmt: skip
