"""Benchmarks: the scores that findings report of one model on one benchmark, and how far apart they lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from evidense.auditing.public_records.forms import BENCHMARK_FORM, BENCHMARKS
from evidense.checking.quantities import quantities
from evidense.checking.scope import ScopeField, scope
from evidense.records import Json
from evidense.report.ask.public_heads import head_of
from evidense.report.ask.told import AskedFinding, AskedWork, AskOutcome
from evidense.report.folder import folder_name

NONE = "no finding names one model, one dataset, one metric and one score in percent; tables are not read"
_SEVERE = ((5.0, "HIGH"), (1.0, "MEDIUM"), (0.0, "LOW"))
"""Percentage points beyond which a spread has a severity."""
_BROAD = 3
"""Sources from which on the coverage is broad."""


@dataclass(frozen=True)
class BenchmarkScore:
    """One score that a finding reports."""

    key: tuple[str, str, str, str]
    """Model with its variant, dataset, metric, split."""
    score: float
    """In percent."""
    finding: AskedFinding


def benchmark_scores(findings: Sequence[AskedFinding]) -> list[BenchmarkScore]:
    """Return the scores of findings that name one model, one dataset, one metric and one percentage that is no change."""
    return [score for finding in findings if (score := _score(finding)) is not None]


def _score(finding: AskedFinding) -> BenchmarkScore | None:
    text = finding.checked.statement
    names = scope(text)
    fields: tuple[ScopeField, ...] = ("model", "dataset", "metric")
    if any(len(names[field]) != 1 for field in fields) or len(names["split"]) > 1:
        return None
    shares = [q for q in quantities(text) if q.unit == "%" and q.kind == "value"]
    if (
        len(shares) != 1
        or shares[0].comparator != "="
        or shares[0].low != shares[0].high
        or not 0 <= shares[0].low <= 100
    ):
        return None
    if text[: shares[0].start].rstrip().lower().endswith((" by", " of a", " additional", " another")):
        return None
    model, dataset, metric = (next(iter(names[field])) for field in fields)
    return BenchmarkScore((model, dataset, metric, next(iter(names["split"]), "")), shares[0].low, finding)


def benchmark_records(told: AskOutcome) -> dict[str, Json]:
    """Return file name → record, one for each model on one dataset, metric and split."""
    groups: dict[tuple[str, str, str, str], list[BenchmarkScore]] = {}
    for score in benchmark_scores(told.findings):
        groups.setdefault(score.key, []).append(score)
    works = {work.key: work for work in told.works}
    return {
        f"{BENCHMARKS}/{n:02}-{folder_name('-'.join(filter(None, key)))}.json": _record(told, key, scores, works)
        for n, (key, scores) in enumerate(sorted(groups.items(), key=lambda pair: pair[0]), 1)
    }


def _record(
    told: AskOutcome, key: tuple[str, str, str, str], scores: Sequence[BenchmarkScore], works: dict[str, AskedWork]
) -> dict[str, Json]:
    model, dataset, metric, split = key
    benchmark = " ".join(filter(None, (dataset, split, metric)))
    entries = [_entry(score, model, benchmark, works) for score in scores]
    values, sources = [score.score for score in scores], {score.finding.place.source for score in scores}
    spread = max(values) - min(values)
    domains = sorted({entry["source_domain"] for entry in entries if entry["source_domain"]})
    years = [entry["year"] for entry in entries if entry["year"]]
    n_urls = sum(bool(entry["source_url"]) for entry in entries)
    return {
        **head_of(BENCHMARK_FORM, told), "model": model, "benchmark": benchmark, "metric": metric, "split": split, "source_count": len(sources),
        "source_coverage": {
            "record_count": len(entries), "distinct_source_count": len(sources),
            "coverage_level": "BROAD" if len(sources) >= _BROAD else "NARROW" if len(sources) > 1 else "SINGLE", "basis": "Entries below.",
        },
        "source_profile": {
            "source_url_count": n_urls, "missing_source_url_count": len(entries) - n_urls, "domains": domains,
            "year_min": min(years, default=None), "year_max": max(years, default=None), "basis": "Entries below.",
        },
        "reported_range": {"min_score_pct": min(values), "max_score_pct": max(values)}, "spread_pp": spread,
        "severity": next((word for least, word in _SEVERE if spread > least), "NONE"), "entries": entries,
    }  # fmt: skip


def _entry(score: BenchmarkScore, model: str, benchmark: str, works: dict[str, AskedWork]) -> dict[str, Json]:
    place = score.finding.place
    meant = works[place.source].hit.work
    doi = meant.identifiers.get("doi", "")
    url = meant.url or (f"https://doi.org/{doi}" if doi else "")
    return {
        "model": model, "benchmark": benchmark, "score_pct": score.score, "source_title": meant.title, "source_url": url or None,
        "source_domain": urlsplit(url).hostname if url else None, "year": meant.year, "source": place.source, "quote": place.span.quote,
        "claim": score.finding.checked.id,
    }  # fmt: skip
