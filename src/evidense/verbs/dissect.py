"""Dissect: one analysis of encoders on a collection → Findings; what was found before is not looked for again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np
from jaxtyping import Float32, Float64

from evidense import registry
from evidense.compute.batches import plan
from evidense.compute.progress import Progress
from evidense.compute.search import scoring
from evidense.compute.search.encode import encode
from evidense.compute.search.layer_states import OWN_POOLING, LayerStates, layer_states
from evidense.compute.search.topk import rank_vectors
from evidense.compute.similarity import checked
from evidense.dissection.findings import without_value
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import SIDES, Analysis, Case, Encoder, Ranker, Side, Subject, Tower, fingerprints
from evidense.records import Finding, Json, Recipe, sha256_of
from evidense.store import Store
from evidense.values import Collection, Item, Pairs, RankedLists

ALGORITHM = 3
"""Raised when a change makes other findings from the same inputs, whatever the analysis."""

_CHUNK = 1024
"""Items that are prepared together where nothing is kept."""
Tell = Callable[[str, int, int], None]


class Train(Protocol):
    """Trains a recipe, from an encoder that exists in this process only where one is given."""

    def __call__(self, recipe: Recipe, pairs: Mapping[str, Pairs], start: Encoder | None) -> Encoder:
        """Return what was trained."""
        ...


@dataclass(frozen=True)
class Lent:
    """What a study lends to its analyses."""

    store: Store
    train: Train
    progress: Progress | None = None
    tell: Tell | None = None


@dataclass(frozen=True)
class Registered:
    """Where a dissection was registered before data were read."""

    study: str
    """Id of the Study: a parent of every finding."""
    dissection: str
    """Name of the table: the site of every finding says it."""
    tuned_on: str = ""
    """What the tuning saw, where the table says it: so do the sites of changes."""


def dissect(name: str, case: Case, lent: Lent, registered: Registered) -> list[Finding]:
    """Return the findings of one analysis, from the store where it was made before.

    Raises:
        UnknownName: no analysis of this name, or an option that it does not have.
        InvalidInput: encoders or data that it cannot examine.
    """
    analysis = cast(Analysis, registry.part("analyses", name))
    case = replace(
        case,
        options=options_of(analysis, case.options),
        collection=case.collection.findable(),
        beside=case.beside and case.beside.findable(),
    )
    key = step_key(analysis, case)
    if done := lent.store.recall(key):
        findings = [cast(Finding, lent.store.get(i)) for i in done]
    elif reason := unfit(analysis, case):
        findings = [_unexamined(analysis, case, reason)]
    else:
        findings = list(analysis.examine(case, StoreBench(case, lent)))
        lent.store.remember(key, [lent.store.put(finding) for finding in findings])
    return _kept(findings, lent, registered)


def refused(name: str, case: Case, reason: str, to: tuple[Lent, Registered]) -> list[Finding]:
    """Return the one finding that says why an analysis could not examine this, stored but not remembered."""
    return _kept([_unexamined(cast(Analysis, registry.part("analyses", name)), case, reason)], *to)


def _kept(findings: Sequence[Finding], lent: Lent, registered: Registered) -> list[Finding]:
    registered_findings = [
        replace(finding, parents=(registered.study,), site=_site(finding, registered)) for finding in findings
    ]
    for finding in registered_findings:
        lent.store.put(finding)
    return registered_findings


def _site(one: Finding, registered: Registered) -> dict[str, Json]:
    more = {"tuned_on": registered.tuned_on} if registered.tuned_on and one.site.get("against") else {}
    return {**one.site, "dissection": registered.dissection, **more}


def options_of(analysis: Analysis, wanted: Mapping[str, Json]) -> dict[str, Json]:
    """Return the analysis's options with what is wanted in their place.

    Raises:
        UnknownName: an option that it does not have.
        InvalidInput: a value of another kind than the default.
    """
    for key, value in wanted.items():
        if key not in analysis.options:
            raise UnknownName.among(f"option of the analysis {analysis.name}", key, analysis.options)
        default = analysis.options[key]
        alike = isinstance(value, list | tuple) == isinstance(default, list | tuple)
        if default is not None and not alike:
            raise InvalidInput(
                f"'{key}' of the analysis {analysis.name} is {value!r}; expected a value like {default!r}; correct it"
            )
    return {**analysis.options, **wanted}


def step_key(analysis: Analysis, case: Case) -> str:
    """Return the key under which an analysis's findings are remembered."""
    who = [[s.label, s.role, *fingerprints(s.encoder), str(s.encoder.setup.similarity)] for s in case.subjects]
    where = [_data(collection) for collection in (case.collection, case.beside) if collection is not None]
    numbers = [case.seed, case.confidence, case.n_resamples, dict(case.options)]
    return sha256_of(["dissect", ALGORITHM, analysis.name, analysis.version, who, where, numbers])


def unfit(analysis: Analysis, case: Case) -> str:
    """Say why the base cannot be examined at all; "" where it can."""
    missing = sorted(analysis.needs - case.base.encoder.can)
    if not missing:
        return ""
    return f"{case.base.label} gives no {', '.join(missing)}, which {analysis.name} needs"


def _unexamined(analysis: Analysis, case: Case, reason: str) -> Finding:
    return without_value(analysis.name, case.site(analysis.name, subject=case.base.label), "", reason)


def _data(collection: Collection) -> list[Json]:
    return [collection.name, collection.checksum, sorted(collection.groups.items())]


@dataclass(frozen=True)
class StoreBench:
    """The bench of a real run; see `parts.Bench`. Vectors of the subjects are kept in the store, those of changed encoders are not."""

    case: Case
    lent: Lent

    def states(
        self, subject: Subject, side: Side, items: Sequence[Item], poolings: Sequence[str] = (OWN_POOLING,)
    ) -> LayerStates:
        """Return pooling → every layer's pooled states, of one pass."""
        return layer_states(subject.encoder.tower(side), items, self.lent.store, poolings, self.lent.progress)

    def vectors(self, subject: Subject, side: Side, items: Sequence[Item]) -> Float32[np.ndarray, "n e"]:
        """Return final vectors."""
        return self._vectors(subject.encoder.tower(side), items)

    def rank(self, system: Encoder | Ranker, collection: Collection, depth: int) -> RankedLists:
        """Rank a collection with an encoder, changed or not, or a ranker."""
        if isinstance(system, Ranker):
            return system.rank(collection, depth)
        documents = self._vectors(system.tower("document"), collection.corpus)
        queries = self._vectors(system.tower("query"), collection.queries)
        similarity = checked(system.setup.similarity, f"'{system.name}'")
        return rank_vectors(collection, queries, documents, depth, similarity)

    def score(self, lists: RankedLists, collection: Collection, measure: str) -> Float64[np.ndarray, " q"]:
        """Return a measure's value of every query."""
        return scoring.score(lists, collection, [measure]).values[measure]

    def train(self, recipe: Recipe, pairs: Mapping[str, Pairs], start: Encoder | None = None) -> Encoder:
        """Train, or find what was trained."""
        return self.lent.train(recipe, pairs, start)

    def part(self, shelf: str, name: str) -> Any:
        """Return another part, by name."""
        return registry.part(shelf, name)

    def tell(self, what: str, done: int, total: int) -> None:
        """Say how far the analysis is."""
        if self.lent.tell:
            self.lent.tell(what, done, total)

    def _vectors(self, tower: Tower, items: Sequence[Item]) -> Float32[np.ndarray, "n e"]:
        if any(tower is s.encoder.tower(side) for s in self.case.subjects for side in SIDES):
            return encode(tower, items, self.lent.store, progress=self.lent.progress).all()
        return _unkept(tower, items)


def _unkept(tower: Tower, items: Sequence[Item]) -> Float32[np.ndarray, "n e"]:
    """Encode by the same plan as `encode`, and keep nothing: a changed encoder is looked at once."""
    out = np.empty((len(items), tower.n_dims), np.float32)
    for start in range(0, len(items), _CHUNK):
        prepared = tower.prepare(items[start : start + _CHUNK])
        for rows in plan(prepared.sizes, int(getattr(tower, "token_budget", 4096))):
            out[start + rows] = tower.vectors(prepared.take(rows))
    return out
