"""Dissect: run one analysis of encoders on a collection → Findings. Findings that are in the store are not computed again."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np
from jaxtyping import Float32, Float64

from evidense import registry
from evidense.compute.batches import plan
from evidense.compute.layer_states import OWN_POOLING, Keeping, LayerStates, layer_states
from evidense.compute.progress import Progress
from evidense.compute.search import scoring
from evidense.compute.search.encode import encode
from evidense.compute.search.topk import rank_vectors
from evidense.compute.similarity import checked
from evidense.dissection.findings import without_value
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import SIDES, Analysis, Case, Encoder, Ranker, Side, Subject, Tower, fingerprints
from evidense.records import Finding, Json, Recipe, sha256_of
from evidense.store import Store
from evidense.values import Collection, Item, Pairs, RankedLists

ALGORITHM = 3
"""Version of the algorithm. It is raised if a change gives other findings for the same inputs, in any analysis."""

REFUSALS = "refusals"
"""The store's room for cases that an analysis refused."""
_CHUNK = 1024
"""Number of items that are prepared together if their vectors are not stored."""
Tell = Callable[[str, int, int], None]


class Train(Protocol):
    """Trains a recipe. `start` may be an encoder that exists in this process only."""

    def __call__(self, recipe: Recipe, pairs: Mapping[str, Pairs], start: Encoder | None) -> Encoder:
        """Return the trained encoder."""
        ...


@dataclass(frozen=True)
class Lent:
    """The store and the callbacks that a study lends to its analyses."""

    store: Store
    train: Train
    progress: Progress | None = None
    tell: Tell | None = None


@dataclass(frozen=True)
class Registered:
    """The study and the table in which a dissection was registered before data were read."""

    study: str
    """Id of the Study; it is a parent of every finding."""
    dissection: str
    """Name of the table; the site of every finding holds it."""
    tuned_on: str = ""
    """Modality of the tuning data if the table names it; the sites of changes hold it, and whether one tower encodes both sides."""


def dissect(name: str, case: Case, lent: Lent, registered: Registered) -> list[Finding]:
    """Return the findings of one analysis; from the store if the same analysis is done.

    Raises:
        UnknownName: no analysis of this name, or an option that it does not have.
        InvalidInput: encoders or data that it cannot examine.
    """
    analysis = cast(Analysis, registry.part("analyses", name))
    case = _completed(analysis, case)
    key = step_key(analysis, case)
    if done := lent.store.recall(key):
        findings = [cast(Finding, lent.store.get(i)) for i in done]
    elif reason := unfit(analysis, case):
        findings = [_unexamined(analysis, case, reason)]
    else:
        findings = list(analysis.examine(case, StoreBench(case, lent)))
        lent.store.remember(key, [lent.store.put(finding) for finding in findings])
    return _kept(findings, lent, registered, _towers(case))


def _completed(analysis: Analysis, case: Case) -> Case:
    return replace(
        case,
        options=options_of(analysis, case.options),
        collection=case.collection.findable(),
        beside=case.beside and case.beside.findable(),
    )


def is_settled(name: str, case: Case, store: Store) -> bool:
    """Say whether an analysis has nothing to compute: it is done, or its encoders do not fit, or it refused this case before."""
    analysis = cast(Analysis, registry.part("analyses", name))
    try:
        case = _completed(analysis, case)
    except (InvalidInput, UnknownName):
        return True  # it will refuse again
    key = step_key(analysis, case)
    return bool(unfit(analysis, case) or store.recall(key) or store.has_note(REFUSALS, key))


def refused(name: str, case: Case, reason: str, to: tuple[Lent, Registered]) -> list[Finding]:
    """Return a finding without value that says why an analysis refused a case. It is stored, but the next run asks the analysis again."""
    analysis = cast(Analysis, registry.part("analyses", name))
    with suppress(InvalidInput, UnknownName):
        to[0].store.note(REFUSALS, step_key(analysis, _completed(analysis, case)), {"reason": reason})
    return _kept([_unexamined(analysis, case, reason)], *to, _towers(case))


def _towers(case: Case) -> str:
    """Say whether one model encodes all items of each encoder, or queries and documents, or texts and pictures, have one each."""
    return "one" if all(_is_one_model(s.encoder) for s in case.subjects) else "two separate ones"


def _is_one_model(encoder: Encoder) -> bool:
    query, document = encoder.tower("query"), encoder.tower("document")
    has_halves = hasattr(query, "text") and hasattr(query, "image")  # CLIP, SigLIP, and two towers in one space
    return query is document and not has_halves


def _kept(findings: Sequence[Finding], lent: Lent, registered: Registered, towers: str) -> list[Finding]:
    registered_findings = [
        replace(finding, parents=(registered.study,), site=_site(finding, registered, towers)) for finding in findings
    ]
    lent.store.publish([lent.store.put(finding) for finding in registered_findings])
    return registered_findings


def _site(finding: Finding, registered: Registered, towers: str) -> dict[str, Json]:
    is_told = registered.tuned_on and finding.site.get("against")
    more = {"tuned_on": registered.tuned_on, "towers": towers} if is_told else {}
    return {**finding.site, "dissection": registered.dissection, **more}


def options_of(analysis: Analysis, chosen: Mapping[str, Json]) -> dict[str, Json]:
    """Return the options of an analysis, with the chosen values in place of the defaults.

    Raises:
        UnknownName: the analysis has no such option.
        InvalidInput: a value is of another kind than the default.
    """
    for key, value in chosen.items():
        if key not in analysis.options:
            raise UnknownName.among(f"option of the analysis {analysis.name}", key, analysis.options)
        default = analysis.options[key]
        alike = isinstance(value, list | tuple) == isinstance(default, list | tuple)
        if default is not None and not alike:
            raise InvalidInput(
                f"'{key}' of the analysis {analysis.name} is {value!r}; expected a value like {default!r}; correct it"
            )
    return {**analysis.options, **chosen}


def step_key(analysis: Analysis, case: Case) -> str:
    """Return the step key of an analysis."""
    who = [[s.label, s.role, *fingerprints(s.encoder), str(s.encoder.setup.similarity)] for s in case.subjects]
    where = [_data(collection) for collection in (case.collection, case.beside) if collection is not None]
    numbers = [case.seed, case.confidence, case.n_resamples, dict(case.options)]
    if case.states != "float32":
        numbers.append(case.states)
    return sha256_of(["dissect", ALGORITHM, analysis.name, analysis.version, who, where, numbers])


def unfit(analysis: Analysis, case: Case) -> str:
    """Return the reason why the base cannot be examined at all; "" if it can."""
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
        """Return pooling → the pooled states of every layer, from one forward pass."""
        keeping = Keeping(self.lent.store, self.case.states, self.lent.progress)
        return layer_states(subject.encoder.tower(side), items, keeping, poolings)

    def vectors(self, subject: Subject, side: Side, items: Sequence[Item]) -> Float32[np.ndarray, "n e"]:
        """Return the final vectors."""
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
        """Return the value of a measure for every query."""
        return scoring.score(lists, collection, [measure]).values[measure]

    def train(self, recipe: Recipe, pairs: Mapping[str, Pairs], start: Encoder | None = None) -> Encoder:
        """Return the trained encoder; an equal training that is done is not repeated."""
        return self.lent.train(recipe, pairs, start)

    def part(self, shelf: str, name: str) -> Any:
        """Return another part, by name."""
        return registry.part(shelf, name)

    def tell(self, what: str, done: int, total: int) -> None:
        """Report the progress of the analysis."""
        if self.lent.tell:
            self.lent.tell(what, done, total)

    def _vectors(self, tower: Tower, items: Sequence[Item]) -> Float32[np.ndarray, "n e"]:
        if any(tower is s.encoder.tower(side) for s in self.case.subjects for side in SIDES):
            return encode(tower, items, self.lent.store, progress=self.lent.progress).all()
        return _unkept(tower, items)


def _unkept(tower: Tower, items: Sequence[Item]) -> Float32[np.ndarray, "n e"]:
    """Encode by the same plan as `encode`, and store nothing: a changed encoder is used once."""
    out = np.empty((len(items), tower.n_dims), np.float32)
    for start in range(0, len(items), _CHUNK):
        prepared = tower.prepare(items[start : start + _CHUNK])
        for rows in plan(prepared.sizes, int(getattr(tower, "token_budget", 4096))):
            out[start + rows] = tower.vectors(prepared.take(rows))
    return out
