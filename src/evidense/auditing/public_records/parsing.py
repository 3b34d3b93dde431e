"""Parsing: the JSON of public records, whoever wrote them → what they state; a value of another kind is left out and said."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from evidense.auditing.public_records.dimensions import DIMENSIONS
from evidense.auditing.public_records.forms import BENCHMARK_FORM, BENCHMARKS, FILE_OF, form_of
from evidense.auditing.public_records.levels import LEVELS
from evidense.texts.loose_json import at, first, rows, text
from evidense.values import (
    StatedBenchmark,
    StatedClaim,
    StatedDimension,
    StatedQuote,
    StatedRecords,
    StatedSource,
    StatedVote,
)

_MOST = 1_000_000_000
_COUNTS = (
    "aggregate_claim_records",
    "per_claim_public_record_count",
    *(level.count for level in LEVELS if level.count),
)
_KEYS = {
    "claim_summary": "verification-levels-v1",
    "dimensions": "quality-dimensions-v1",
    "thresholds": "quality-tiers-v1",
}
_FORM_OF_FILE = {file: form for form, file in FILE_OF.items()}


class _Fields:
    """Numbers and texts of one record, with what is wrong in it."""

    def __init__(self, name: str, record: Any, mistakes: list[str]) -> None:
        self.name, self.record, self.mistakes = name, record, mistakes

    def text(self, *path: str | int) -> str:
        """Return a text on one line; "" where there is none."""
        return text(self.record, *path)

    def number(self, low: float, high: float, *path: str | int) -> float | None:
        """Return a number within limits; None where there is none."""
        value = at(self.record, *path)
        if value is None:
            return None
        if (
            isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        ):  # NaN is refused too
            return float(value)
        expected = f"a number from {low:g} to {high:g}" if math.isfinite(high) else "a number"
        self._wrong(path, value, expected)
        return None

    def whole(self, high: int, *path: str | int) -> int | None:
        """Return a whole number from 0 on; None where there is none."""
        value = at(self.record, *path)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= high):
            return value
        self._wrong(path, value, f"a whole number from 0 to {high:,}")
        return None

    def _wrong(self, path: tuple[str | int, ...], value: Any, expected: str) -> None:
        known = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else ""
        shown = known or ("a giant number" if _is_long(value) else repr(value))
        self.mistakes.append(
            f"{self.name}: '{'.'.join(map(str, path))}' is {shown[:60]}; expected {expected}; it was left out"
        )


def _is_long(value: Any) -> bool:
    return isinstance(value, int) and not -(10**30) < value < 10**30


def stated_in(raw: Mapping[str, Any], mistakes: list[str]) -> StatedRecords:
    """Return what records state, by the names of their files; note what cannot be read. Unknown keys stay in `raw`."""
    of_form = {_form(name, record): _Fields(name, record, mistakes) for name, record in raw.items()}
    quality, tier, levels, gate, sources, manifest = (
        of_form.get(form) or _Fields(FILE_OF[form], None, mistakes)
        for form in (
            "quality-dimensions-v1", "quality-tiers-v1", "verification-levels-v1", "gate-verdict-v1", "source-list-v1", "paper-manifest-v1",
        )
    )  # fmt: skip
    score = quality.number(0, 10, "review_score")
    return StatedRecords(
        question=first([levels.text("question"), manifest.text("question"), levels.text("work", "title"), quality.text("work", "title")]),
        facets=_texts(levels.record, "facets"), limitations=" ".join(_texts(manifest.record, "limitations")), claims=tuple(_claims(levels)),
        counts=dict(_counts(levels, sources)), sources=tuple(_sources(sources)),
        score=score if score is not None else tier.number(0, 10, "inputs", "review_score"), votes=tuple(_votes(quality)),
        dimensions=dict(_dimensions(quality)), level=levels.whole(7, "paper_level"), tier=tier.text("tier"), tier_inputs=_inputs(tier),
        thresholds=tuple(_thresholds(tier)),
        gate=gate.text("status"), risk=levels.number(1e-9, 1, "risk"), benchmarks=tuple(_benchmarks(raw, mistakes)),
        files=_hashes(manifest, "files"), report_files=_hashes(manifest, "report_files"), raw=dict(raw),
    )  # fmt: skip


def _form(name: str, record: Any) -> str:
    """Return the form of a record: as it says, as its file is named, or by a key that only one form has."""
    by_key = next((form for key, form in _KEYS.items() if isinstance(record, Mapping) and key in record), "")
    return form_of(record) or _FORM_OF_FILE.get(name, by_key)


def _texts(record: Any, *path: str | int) -> tuple[str, ...]:
    found = at(record, *path)
    return tuple(one for n in range(len(found)) if (one := text(found, n))) if isinstance(found, list) else ()


def _counts(levels: _Fields, sources: _Fields) -> Iterator[tuple[str, int]]:
    for name in _COUNTS:
        if (n := levels.whole(_MOST, "claim_summary", name)) is not None:
            yield name, n
    if (n := sources.whole(_MOST, "source_count")) is not None:
        yield "source_count", n


def _claims(levels: _Fields) -> Iterator[StatedClaim]:
    path = ("claim_summary", "per_claim_public_records")
    for n, row in enumerate(rows(levels.record, *path), 1):
        said = first([_written(row.get(name)) for name in ("text", "claim", "claim_text", "statement")])
        if not said:
            levels.mistakes.append(f"{levels.name}: claim {n} has no text; expected one; it was left out")
            continue
        words = {name: text(row, "columns", name) or text(row, name) for name in ("grounded", "corroborated", "tested")}
        fields = _Fields(f"{levels.name}, claim {n}", row, levels.mistakes)
        yield StatedClaim(
            text(row, "id") or str(n), said, text(row, "verdict"), **words, quotes=tuple(_quotes(fields)), facets=_texts(row, "facets"),
            confidence=fields.number(0, 1, "confidence"), entailer=text(row, "entailer"),
        )  # fmt: skip


def _written(value: Any) -> str:
    """Return a text on one line, with markup that is a part of it."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def _quotes(claim: _Fields) -> Iterator[StatedQuote]:
    for n, row in enumerate(rows(claim.record, "quotes")):
        quote = row.get("quote")
        if isinstance(quote, str) and quote.strip():
            start, end = claim.whole(_MOST, "quotes", n, "start"), claim.whole(_MOST, "quotes", n, "end")
            yield StatedQuote(text(row, "source"), quote, start, end, text(row, "stance"))
        else:
            claim.mistakes.append(f"{claim.name}: quotation {n + 1} has no text; expected one; it was left out")


def _sources(sources: _Fields) -> Iterator[StatedSource]:
    for row in rows(sources.record, "sources"):
        if key := text(row, "key") or text(row, "item", "id"):
            yield StatedSource(key, text(row, "text_sha256"), _texts(row, "facets"), row.get("is_retracted") is True)


def _votes(quality: _Fields) -> Iterator[StatedVote]:
    for n, row in enumerate(rows(quality.record, "votes")):
        yield StatedVote(text(row, "reviewer"), text(row, "dimension"), quality.number(0, 10, "votes", n, "score"))


def _dimensions(quality: _Fields) -> Iterator[tuple[str, StatedDimension]]:
    for key in (dimension.key for dimension in DIMENSIONS):
        if isinstance(at(quality.record, "dimensions", key), dict):
            score = quality.number(0, 10, "dimensions", key, "score")
            yield key, StatedDimension(score, quality.text("dimensions", key, "level"))


def _thresholds(tier: _Fields) -> Iterator[tuple[str, float | None, int | None, str]]:
    for n, row in enumerate(rows(tier.record, "thresholds")):
        score = tier.number(0, 10, "thresholds", n, "review_score")
        n_verified = tier.whole(_MOST, "thresholds", n, "verified_claim_count")
        yield text(row, "tier"), score, n_verified, text(row, "reproducibility_level")


def _inputs(tier: _Fields) -> dict[str, Any]:
    score, n = tier.number(0, 10, "inputs", "review_score"), tier.whole(_MOST, "inputs", "verified_claim_count")
    known = {
        "review_score": score,
        "verified_claim_count": n,
        "reproducibility_level": tier.text("inputs", "reproducibility_level"),
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def _benchmarks(raw: Mapping[str, Any], mistakes: list[str]) -> Iterator[StatedBenchmark]:
    for name, record in raw.items():
        if form_of(record) != BENCHMARK_FORM and not name.startswith(f"{BENCHMARKS}/"):
            continue
        fields, anything = _Fields(name, record, mistakes), (-math.inf, math.inf)
        scores = [fields.number(*anything, "entries", n, "score_pct") for n in range(len(rows(record, "entries")))]
        yield StatedBenchmark(
            " on ".join(filter(None, (fields.text("model"), fields.text("benchmark")))) or name,
            fields.number(*anything, "reported_range", "min_score_pct"), fields.number(*anything, "reported_range", "max_score_pct"),
            fields.number(*anything, "spread_pp"), tuple(score for score in scores if score is not None),
        )  # fmt: skip


def _hashes(manifest: _Fields, name: str) -> dict[str, str]:
    found = at(manifest.record, name)
    return {file: sha for file, sha in found.items() if isinstance(sha, str)} if isinstance(found, dict) else {}
