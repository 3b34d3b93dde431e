"""Analyses: encoders and a collection → findings about what is inside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64

from evidense.parts.encoders import Capability, Encoder, Side
from evidense.parts.estimands import Estimand
from evidense.parts.names import Named
from evidense.parts.rankers import Ranker
from evidense.records import Finding, Json, Recipe
from evidense.values import Collection, Item, Pairs, RankedLists

Role = Literal["base", "tuned", "seed", "random"]
"""base: what the others are compared with; tuned: what came of it; seed: the tuning of one again with another seed, which makes the
noise floor; random: the base's architecture with random weights."""


@dataclass(frozen=True)
class Subject:
    """One encoder under dissection."""

    label: str
    """Its name on the page."""
    spelling: str
    encoder: Encoder
    role: Role


@dataclass(frozen=True)
class Case:
    """What is dissected, on what, by which numbers; its options are the analysis's own with what the study sets."""

    subjects: tuple[Subject, ...]
    """The base first; distinct labels."""
    collection: Collection
    beside: Collection | None = None
    """The first collection of several, where this is a later one: for what is compared between collections."""
    seed: int = 0
    confidence: float = 0.95
    n_resamples: int = 10_000
    options: Mapping[str, Json] = field(default_factory=dict)
    states: str = "float32"
    """How the bench keeps states of layers: float32 (exactly) or float16 (half the disk, rounded to 11 bits)."""

    @property
    def base(self) -> Subject:
        """Return what the others are compared with."""
        return self.subjects[0]

    def of(self, *roles: Role) -> tuple[Subject, ...]:
        """Return the subjects of these roles, in order."""
        return tuple(s for s in self.subjects if s.role in roles)

    def site(self, analysis: str, **where: Json) -> dict[str, Json]:
        """Return the site of a finding: its analysis, this collection, and where in the encoders it was taken.

        Keys mean the same in every analysis: `subject` and `against` (labels; `against` where two are compared), `role` (of
        the subject), `side` (query, document), `pooling`, `layer` (0 = embeddings) and `layer_document` where the sides differ,
        `probe`, `control`, `n_candidates`, `negatives` (their source), `module`, `measure`.
        """
        return {"analysis": analysis, "collection": self.collection.name, **where}


class Bench(Protocol):
    """What the verb lends an analysis: everything is cached in the store, and equal work is done once."""

    def states(
        self, subject: Subject, side: Side, items: Sequence[Item], poolings: Sequence[str] = ("own",)
    ) -> Mapping[str, Float32[np.ndarray, "l n e"]]:
        """Return pooling → every layer's pooled states, of one pass; "own" is the encoder's, others as `compute.pooling` spells them.

        Layer 0 is the embeddings; the last is what the tower pools, before any projection. Read-only maps: copy what you change.

        Raises:
            InvalidInput: an encoder without layers, or a pooling that this tower cannot do.
        """
        ...

    def vectors(self, subject: Subject, side: Side, items: Sequence[Item]) -> Float32[np.ndarray, "n e"]:
        """Return final vectors; `compute.similarity` scores them by the set-up's similarity."""
        ...

    def rank(self, system: Encoder | Ranker, collection: Collection, depth: int) -> RankedLists:
        """Rank a collection with an encoder, changed or not, or a ranker."""
        ...

    def score(self, lists: RankedLists, collection: Collection, measure: str) -> Float64[np.ndarray, " q"]:
        """Return a measure's value of every query, in the order of `collection.query_ids`."""
        ...

    def train(self, recipe: Recipe, pairs: Mapping[str, Pairs], start: Encoder | None = None) -> Encoder:
        """Train, or find what was trained, from the recipe's start or from an encoder that exists in this process only."""
        ...

    def part(self, shelf: str, name: str) -> Any:
        """Return another part, by name."""
        ...

    def tell(self, what: str, done: int, total: int) -> None:
        """Say how far the analysis is."""
        ...


@dataclass(frozen=True)
class Sentence:
    """What an analysis says of a tuned encoder in the page's answer."""

    place: int
    """Where it stands among the sentences of other analyses: small numbers first."""
    of: Callable[[Sequence[Finding]], str]
    """The analysis's findings about one tuned encoder on one collection, each with a value → half a sentence; "" where nothing can be said."""


@dataclass(frozen=True)
class AnalysisWords:
    """What the page says of an analysis: nothing else on the page knows it by name."""

    title: str
    asks: str
    """What is asked, and what the numbers mean: a sentence or two below the title."""
    beware: str
    """What must not be concluded from it."""
    estimands: tuple[Estimand, ...]
    """All that its findings estimate; of what follows from one by name (`parts.estimands`) only that one."""
    leads: tuple[str, ...] = ()
    """Estimands whose figures are shown first, in this order; the others are folded away. () = the first four."""
    place: int = 1_000
    """Where it stands among the analyses of a page: small numbers first."""
    methods: str = ""
    """A sentence for the methods paragraph; "" where nothing needs to be said."""
    sentence: Sentence | None = None


@runtime_checkable
class Analysis(Named, Protocol):
    """Encoders and a collection → findings."""

    @property
    def source(self) -> str:
        """Paper and equation."""
        ...

    @property
    def needs(self) -> frozenset[Capability]:
        """What every encoder must be able to do."""
        ...

    @property
    def version(self) -> int:
        """Raised when a change makes other findings from equal inputs."""
        ...

    @property
    def words(self) -> AnalysisWords:
        """What the page says of it."""
        ...

    @property
    def options(self) -> Mapping[str, Json]:
        """Names and default values of what a study may set."""
        ...

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings, each with its interval; what cannot be compared is a finding without value whose details give the `reason`.

        Raises:
            InvalidInput: nothing can be examined; says what is missing.
        """
        ...
