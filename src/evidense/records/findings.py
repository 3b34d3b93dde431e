"""Finding: one estimate with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from evidense.boundary.numerals import count, interval, plain
from evidense.boundary.shown import shown_line
from evidense.records.form import Json, Record


@dataclass(frozen=True, kw_only=True, repr=False)
class Finding(Record):
    """One estimate with its interval, and where it was taken."""

    kind: ClassVar[str] = "finding"
    estimand: str
    """'mean' | 'difference' | 'slice' | 'mean over collections' | 'standing' | 'random effects' | 'winner' | 'queries' | 'difference on unseen queries'; of an
    analysis, what its page says."""
    site: Mapping[str, Json]
    """system, baseline (for differences), collection, measure, and slice/column/named where it is one; of an analysis: see `parts.Case.site`."""
    value: Json
    """A number, or None where nothing could be estimated: `details` then give the reason."""
    low: float | None
    high: float | None
    n: int
    n_clusters: int
    """Independent groups of queries; where queries share documents in part, as how many independent queries they count."""
    unit: str
    """The canonical measure."""
    confidence: float = 0.95
    p: float | None = None
    p_adjusted: float | None = None
    test: str = ""
    family: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)
    """win, tie, loss, d_z, standard_error, queries_to_decide, letters … `probability_of_improvement` is the share of wins plus half of the
    ties (.5: as many wins as losses), not the share of queries that improve."""
    excerpts: tuple[Mapping[str, Json], ...] = ()
    """Queries worth reading: query_id, query, group, delta, base_value, system_value, relevant[{doc_id,text,rank_base,rank_system}],
    base_first{doc_id,text,gain}, system_first{…}; pictures as data URLs under 'thumbnail'."""

    def __repr__(self) -> str:
        """Return the estimate and where it was taken, on one line; `content()` has every field."""
        where = ", ".join(str(value) for value in self.site.values())
        estimate = (
            "no value" if self.value is None else f"{plain(self.value)} {interval(self.low, self.high, sign=False)}"
        )
        return shown_line(f"<{self.estimand} ({where}): {estimate} {self.unit}, n {count(self.n)}>")
