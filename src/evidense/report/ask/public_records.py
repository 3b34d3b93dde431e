"""Public records: a report in the form that others check: quality, tier, levels with every claim, gate, corrections, sources, manifest."""

from collections.abc import Mapping
from hashlib import sha256

from evidense.auditing.public_records.dimensions import DIMENSIONS, scored
from evidense.auditing.public_records.forms import BENCHMARKS, FILE_OF, FOLDER, VERSION, identifier
from evidense.auditing.public_records.levels import LEVELS, counted, gate_status, paper_level
from evidense.auditing.public_records.tiers import THRESHOLDS
from evidense.records import Json
from evidense.report.ask import benchmarks, summary
from evidense.report.ask.exports import passage_json
from evidense.report.ask.public_heads import head_of
from evidense.report.ask.tiers import columns_of, tier
from evidense.report.ask.told import AskedFinding, AskOutcome
from evidense.report.check.exports import evidence_json
from evidense.report.comparison.exports import pretty
from evidense.report.search.bibliography import csl_of
from evidense.values import Passage

ARTIFACTS = ("claim records", "review votes", "search log", "bibliography")
_SCORE_BASIS = "Median of the dimensions that have a score, each by the median of its `votes`; at most 4 where relevance fails or nothing is grounded."
_ENFORCED = "evidense ask --gate TIER exits with 1 where the tier is below."


def public_files(told: AskOutcome, report_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of the folder of public records; the manifest names them and those of the report, each with its hash."""
    records = {
        "quality-dimensions-v1": _quality(told), "quality-tiers-v1": _tier(told), "verification-levels-v1": _verification(told),
        "gate-verdict-v1": _gate(told), "correction-record-v1": _corrections(told), "source-list-v1": _sources(told),
    }  # fmt: skip
    files = {FILE_OF[form]: pretty({**head_of(form, told), **record}) for form, record in records.items()}
    scores = benchmarks.benchmark_records(told)
    files |= {name: pretty(record) for name, record in scores.items()}
    manifest = {
        **head_of("paper-manifest-v1", told), "title": told.question, "question": told.question, "answer": summary.answer(told).sentence,
        "disclosure": summary.MADE, "limitations": [told.limitations], "files": _hashes(files), "report_files": _hashes(report_files),
        "benchmark_evidence": {"count": len(scores), "basis": f"{BENCHMARKS}/" if scores else f"none: {benchmarks.NONE}"},
    }  # fmt: skip
    files[FILE_OF["paper-manifest-v1"]] = pretty(manifest)
    return {f"{FOLDER}/{name}": data for name, data in files.items()}


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha256(data).hexdigest() for name, data in sorted(files.items())}


def _quality(told: AskOutcome) -> dict[str, Json]:
    panel = told.panel
    capped = f" Capped: {'; '.join(panel.capped)}." if panel.capped else ""
    return {
        "dimensions": {
            key: {"score": found.score, "level": found.level, "basis": found.basis, "definition": found.dimension.definition}
            for key, found in scored(panel.votes).items()
        },
        "review_score": panel.score, "review_basis": _SCORE_BASIS + capped,
        "votes": [
            {"reviewer": v.reviewer, "dimension": v.dimension, "asks": told.asks.get(v.reviewer, ""), "score": v.score, "reason": v.reason}
            for v in panel.votes
        ],
        "interpretation": "Reviewers are programs that count: each score is ten times a share that its reason states. No person voted.",
        "limitations": [
            *(f"{d.key} is not assessed: {d.lacking}." for d in DIMENSIONS if d.lacking),
            *(f"{name} failed on planted defects." for name in told.table.failed),
        ],
    }  # fmt: skip


def _tier(told: AskOutcome) -> dict[str, Json]:
    word = tier(told)
    inputs: dict[str, Json] = {
        "review_score": told.panel.score, "verified_claim_count": sum(columns_of(f).is_verified for f in told.findings),
        "artifact_types": list(ARTIFACTS), "reproducibility_level": scored(told.panel.votes)["reproducibility_status"].level,
    }  # fmt: skip
    return {
        "tier": word, "inputs": inputs, "enforcement": _ENFORCED,
        "basis": "The first of `thresholds` that `inputs` all reach; a claim is verified where its own source and an independent work bear it out.",
        "thresholds": [
            {"tier": t.tier, "review_score": t.score, "verified_claim_count": t.verified, "reproducibility_level": t.reproducibility or None}
            for t in THRESHOLDS
        ],
        "limitations": ["A tier says how much was checked, not that the claims are true."],
    }  # fmt: skip


def _verification(told: AskOutcome) -> dict[str, Json]:
    columns = [columns_of(finding) for finding in told.findings]
    counts = counted(columns)
    reached = LEVELS[paper_level(counts)]
    levels = [
        {"level": level.number, "key": level.key, "label": level.label, "definition": level.definition, "claims": counts.get(level.count, len(columns))}
        for level in LEVELS
    ]  # fmt: skip
    return {
        "paper_level": reached.number, "paper_level_key": reached.key, "paper_level_label": reached.label,
        "basis": "The highest level up to which each has a claim; each count is that of the records below.",
        "claim_summary": {
            **counts, "aggregate_claim_records": len(columns), "claim_record_source": "sentences of the sources, each with its place",
            "per_claim_public_records": [_claim(finding) for finding in told.findings], "per_claim_public_record_count": len(columns),
        },
        "artifact_types": list(ARTIFACTS), "levels": levels,
        "unsupported_upper_levels": [row["level"] for row in levels[reached.number + 1 :] if not row["claims"]],
        "question": told.question, "facets": list(told.facets), "risk": told.checks.risk,
        "limitations": ["Experiments are on analogues; nothing was reproduced by others or reviewed by people: levels 6 and 7 are empty.", told.limitations],
    }  # fmt: skip


def _claim(finding: AskedFinding) -> dict[str, Json]:
    """Return one claim record: text, verdict, the three columns, and each quotation with its place."""
    checked, columns = finding.checked, columns_of(finding)
    counts = counted([columns])
    quotes = [
        {**_quote(finding.place), "stance": "place"},
        *({**_quote(same), "stance": "says the same"} for same in finding.same),
    ]
    quotes += [{k: v for k, v in evidence_json(evidence).items() if k != "title"} for evidence in checked.evidence]
    return {
        "id": checked.id, "record": finding.record, "text": checked.statement, "verdict": checked.word, "level": paper_level(counts),
        "columns": {"grounded": checked.grounded, "corroborated": checked.corroborated, "tested": checked.tested},
        "facets": list(finding.facets), "confidence": checked.confidence, "entailer": checked.entailer, "reasons": list(checked.reasons), "quotes": quotes,
    }  # fmt: skip


def _quote(passage: Passage) -> dict[str, Json]:
    return {key: value for key, value in passage_json(passage).items() if key != "says"}


def _gate(told: AskOutcome) -> dict[str, Json]:
    status, reason = gate_status([columns_of(finding) for finding in told.findings])
    return {
        "status": status, "label": f"{status.capitalize()} by experiments", "reason": reason, "evaluated_at": None, "gate": "experiments",
        "definition": "VERIFIED: every claim holds in published numbers. FALSIFIED: one fails in them. UNVERIFIED: anything else, analogues too.",
        "enforcement": "None: it is stated. The exit code follows the tier (evidense ask --gate TIER).",
    }  # fmt: skip


def _corrections(told: AskOutcome) -> dict[str, Json]:
    return {
        "manifest": {
            "schema": identifier("paper-manifest-v1"), "contract_version": VERSION, "contract_updated": None, "current_manifest_url": None,
            "correction_record_url": None,
        },
        "correction_state": "CURRENT", "correction_count": 0, "last_corrected_at": None, "correction_events": [], "known_superseded_manifest_urls": [],
        "policy": {
            "corrections_are_additive": True, "no_silent_public_rewrites": True, "private_operational_logs_public": True,
            "basis": "Each run writes a whole report; the manifest has the hash of every file, so that a change is seen. Whoever publishes it adds addresses.",
        },
    }  # fmt: skip


def _sources(told: AskOutcome) -> dict[str, Json]:
    """Return the works that the report rests on, with the hash of the text that was read."""
    cited = csl_of([work.hit for work in told.works])
    without_abstract = [{name: value for name, value in item.items() if name != "abstract"} for item in cited]
    items = dict(zip((work.key for work in told.works), without_abstract, strict=True))
    sources = [
        {
            "key": work.key, "item": items[work.key], "read_as": work.read_as, "is_retracted": work.hit.is_retracted, "facets": sorted(work.facets),
            "text_sha256": sha256((work.whole.text if work.whole else "").encode("utf-8", "replace")).hexdigest(),
            "licence": work.hit.work.licence or "unknown",
        }
        for work in told.included
    ]  # fmt: skip
    return {"source_count": len(sources), "sources": sources}
