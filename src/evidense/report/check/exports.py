"""Exports of a check: checks.json."""

from typing import get_args

import evidense
from evidense.checking.aggregate import CheckedStatement, StancedPassage
from evidense.checking.rule_outcomes import RuleRisk, RulesOn, rule_risks
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
                "curve": [{"coverage": row.coverage, "risk": row.risk, "risk_upper": row.upper} for row in m.calibration.bounded()] if m.calibration else [],
            }
            for m in told.measured
        ],
        "answers": {"accepted": told.answers.n_accepted, "rejected": dict(sorted(told.answers.rejected.items()))} if told.answers else None,
        "cells": told.n_cells,
        "rules": [_rules_json(risk, told.risk, on) for on in get_args(RulesOn) for risk in rule_risks(on).values()],
        "statements": [checked_json(checked) for checked in told.checked],
    }  # fmt: skip


def _rules_json(risk: RuleRisk, target: float, on: RulesOn) -> dict[str, Json]:
    """Return on what the verdicts of rules with one word rest, and whether they are printed at the target."""
    rests_on: list[Json] = [{"data": o.data, "n": o.n, "wrong": o.n_wrong} for o in risk.outcomes]
    return {
        "on": on,
        "verdict": risk.word,
        "printed": risk.is_within(target),
        "n": risk.n,
        "wrong": risk.n_wrong,
        "risk_upper": risk.upper,
        "rests_on": rests_on,
    }


def checked_json(checked: CheckedStatement) -> dict[str, Json]:
    """Return one statement."""
    return {
        "id": checked.id, "text": checked.statement, "verdict": checked.word, "confidence": checked.confidence, "entailer": checked.entailer,
        "calibrator": checked.calibrator, "evidence": [evidence_json(evidence) for evidence in checked.evidence],
        "grounded": checked.grounded, "corroborated": checked.corroborated, "tested": checked.tested,
        "reasons": list(checked.reasons), "cites": list(checked.cites),
    }  # fmt: skip


def evidence_json(evidence: StancedPassage) -> dict[str, Json]:
    """Return a passage with its stance."""
    passage = evidence.passage
    return {
        "source": passage.source, "quote": passage.span.quote, "start": passage.span.start, "end": passage.span.end,
        "stance": evidence.stance, "by": evidence.by, "title": passage.title, "section": passage.section, "says": passage.says,
    }  # fmt: skip
