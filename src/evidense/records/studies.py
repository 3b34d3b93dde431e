"""Study: the record of what is asked; it is written before the first result is seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from evidense.records.form import Json, Record


@dataclass(frozen=True, kw_only=True)
class Study(Record):
    """What is asked, of which systems, on which collections, by which rule: its id is the pre-registration."""

    kind: ClassVar[str] = "study"
    unset: ClassVar[frozenset[str]] = frozenset(
        {
            "factorial",
            "arms",
            "dissect",
            "registered",
            "best_of",
            "looks",
            "trained_on",
            "clusters",
            "drawn_by",
            "expected",
            "names",
            "seeds",
        }
    )
    name: str
    question: str
    systems: tuple[str, ...]
    """Spellings; the first is the baseline."""
    collections: tuple[str, ...]
    measures: tuple[str, ...] = ("nDCG@10",)
    """Canonical spellings; the first is primary and alone gets verdicts."""
    margin: float = 0.02
    claims: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    clusters: str = ""
    """How queries depend on each other: "" in proportion to the relevant documents that they share, else see `compute.grouping`."""
    references: tuple[str, ...] = ()
    """Spellings of systems that are shown as lines and get no verdict (BM25, static embeddings)."""
    seeds: Mapping[str, Json] = field(default_factory=dict)
    """System or reference that was trained several times → the spellings of its runs or checkpoints, one a seed; `systems` holds its name."""
    seed: int = 0
    confidence: float = 0.95
    n_resamples: int = 10_000
    depth: int = 100
    sample_queries: int | None = None
    sample_documents: int | None = None
    drawn_by: str = ""
    """What seeds a sample beside `seed`: "" nothing, so that two collections of one length draw the same rows; "name" that of the collection."""
    excluded: tuple[str, ...] = ()
    """Queries left out for all systems alike, since their label is wrong: 'collection<tab>query_id'."""
    trained_on: tuple[str, ...] = ()
    """Spellings of the pairs that the systems were trained on: counted among the test queries, and the verdict without those."""
    factorial: Mapping[str, Json] = field(default_factory=dict)
    """Factors, levels, seeds and budgets of the trained cells (`study.factorial` says which keys); empty without training."""
    arms: tuple[Mapping[str, Json], ...] = ()
    """Further trained systems, each against its own start: label, start, recipe keys, seeds."""
    dissect: tuple[Mapping[str, Json], ...] = ()
    """What is dissected (`study.dissect` says which keys): base and tuned, seeds, random weights, collections, analyses, options."""
    expected: tuple[Mapping[str, Json], ...] = ()
    """Values that others published: system (its label), collection, values (measure → value), source. The page compares; no verdict rests on it."""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Short names for tables, figures and the page: systems (by label), collections, measures → short name."""
    registered: Mapping[str, str] = field(default_factory=dict)
    """Claim of the literature, at one level → sha256 of all that could be bent afterwards: estimand, margin, controls."""
    best_of: bool = False
    """The systems are candidates of which the best will be taken: it is named, and its effect corrected for having been chosen."""
    looks: int = 0
    """How many times these queries are planned to be looked at; the error is shared by all of them. 0 = no plan."""

    @property
    def baseline(self) -> str:
        """Return the spelling that the others are compared with."""
        return self.systems[0]

    @property
    def rankers(self) -> tuple[str, ...]:
        """Return the spelling of everything that is opened and ranks: systems, then references, with the seeds of those that have some."""
        return tuple(x for name in (*self.systems, *self.references) for x in self.seeds.get(name, (name,)))

    @property
    def primary(self) -> str:
        """Return the measure that verdicts are about."""
        return self.measures[0]
