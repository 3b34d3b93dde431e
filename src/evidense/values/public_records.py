"""Public records: what a machine-written synthesis states of itself in fields: its claims, counts, scores, level, tier and gate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StatedQuote:
    """A quotation beside a claim, as a record states it."""

    source: str
    """Key of the source."""
    quote: str
    start: int | None = None
    end: int | None = None
    """`text[start:end] == quote` in the text of the source; None where no place is stated."""
    stance: str = ""
    """"place" where the claim itself stands; else how the passage stands to it."""


@dataclass(frozen=True)
class StatedClaim:
    """One claim of a synthesis, as its record states it."""

    id: str
    text: str
    verdict: str = ""
    grounded: str = ""
    corroborated: str = ""
    tested: str = ""
    quotes: tuple[StatedQuote, ...] = ()
    facets: tuple[str, ...] = ()
    confidence: float | None = None
    entailer: str = ""
    """Who gave the verdict, as the record says."""

    @property
    def place(self) -> StatedQuote | None:
        """Return where the claim stands in its own source; None where no record says."""
        return next((quote for quote in self.quotes if quote.stance == "place"), None)


@dataclass(frozen=True)
class StatedSource:
    """One source of a synthesis, as its record states it."""

    key: str
    text_sha256: str = ""
    """Of the text that was read; "" where no record says."""
    facets: tuple[str, ...] = ()
    is_retracted: bool = False


@dataclass(frozen=True)
class StatedVote:
    """One reviewer's vote, as a record states it."""

    reviewer: str
    dimension: str
    score: float | None


@dataclass(frozen=True)
class StatedDimension:
    """One dimension of quality, as a record states it."""

    score: float | None
    level: str = ""


@dataclass(frozen=True)
class StatedBenchmark:
    """Scores of one model on one benchmark from several sources, as a record states them."""

    name: str
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class StatedRecords:
    """What a synthesis states of itself; what no record says is None or empty."""

    question: str = ""
    facets: tuple[str, ...] = ()
    limitations: str = ""
    claims: tuple[StatedClaim, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """"sources", "claims", "source_grounded_claims" …: as many as it says that there are."""
    sources: tuple[StatedSource, ...] = ()
    score: float | None = None
    """From 0 to 10."""
    votes: tuple[StatedVote, ...] = ()
    dimensions: Mapping[str, StatedDimension] = field(default_factory=dict)
    level: int | None = None
    """From 0 to 7."""
    tier: str = ""
    tier_inputs: Mapping[str, Any] = field(default_factory=dict)
    thresholds: tuple[tuple[str, float | None, int | None, str], ...] = ()
    """Of the tiers: name, least score, least number of verified claims, level of reproducibility; empty where no record says."""
    gate: str = ""
    risk: float | None = None
    """The share of wrong verdicts that was the target."""
    benchmarks: tuple[StatedBenchmark, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """File beside the records → its sha256, as the manifest states it."""
    report_files: Mapping[str, str] = field(default_factory=dict)
    """File of the report that they are about → its sha256, as the manifest states it."""
    changed: tuple[str, ...] = ()
    """Files that differ from the manifest, or are missing."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """Name of a file → its JSON, with keys that are not known here."""
