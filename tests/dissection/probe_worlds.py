"""Planted data for probes: pure interaction, artefact alone; and encoders that are given as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evidense import registry
from evidense.compute.search.scoring import score
from evidense.compute.search.topk import rank_vectors
from evidense.dissection.probes.features import PairStates
from evidense.parts import Case, Ranker, Subject
from evidense.values import Collection, Item, RankedLists


def interaction(n: int, corr: float, seed: int = 0, width: int = 64, c: int = 5) -> PairStates:
    """Positives and negatives have one law; only closeness to the query tells them apart."""
    rng = np.random.default_rng(seed)
    documents = rng.standard_normal((n * c, width)).astype(np.float32)
    places = np.arange(n * c).reshape(n, c)
    noise = rng.standard_normal((n, width))
    return PairStates(
        (corr * documents[places[:, 0]] + np.sqrt(1 - corr**2) * noise).astype(np.float32), documents, places
    )


def artefact(n: int, shift: float = 0.7, seed: int = 0, width: int = 64, c: int = 5) -> PairStates:
    """Relevant documents lie a little to one side, whatever the query."""
    pairs = interaction(n, 0.0, seed, width, c)
    pairs.documents[pairs.places[:, 0], 0] += shift
    return pairs


@dataclass(frozen=True)
class Given:
    """A bench whose states are arrays: subject label → (queries, documents), both with layers first."""

    states_of: dict[str, tuple[np.ndarray, np.ndarray]]

    def states(self, subject: Subject, side: str, items: Any, poolings: Any = ("own",)) -> dict[str, np.ndarray]:
        found = self.states_of[subject.label][0 if side == "query" else 1]
        return dict.fromkeys(poolings, found[:, [int(item.id[1:]) for item in items]])

    def vectors(self, subject: Subject, side: str, items: Any) -> np.ndarray:
        return self.states(subject, side, items)["own"][-1]

    def rank(self, system: Any, found: Collection, depth: int) -> RankedLists:
        if isinstance(system, Ranker):
            return system.rank(found, depth)
        queries, documents = (side[-1] for side in self.states_of[system.label])
        return rank_vectors(found, queries[: len(found.queries)], documents[: len(found.corpus)], depth, "dot")

    def score(self, lists: RankedLists, found: Collection, measure: str) -> np.ndarray:
        return score(lists, found, [measure]).values[measure]

    def part(self, shelf: str, name: str) -> Any:
        return registry.part(shelf, name)

    def tell(self, what: str, done: int, total: int) -> None:
        pass


@dataclass(frozen=True)
class Encoder:
    """Nothing but one tower for both sides."""

    label: str

    def tower(self, side: str) -> str:
        return self.label


def collection(n: int, n_documents: int) -> Collection:
    queries = [Item(f"q{i}", f"query {i}") for i in range(n)]
    corpus = [Item(f"d{i}", f"document {i}") for i in range(n_documents)]
    return Collection("planted", queries, corpus, {f"q{i}": {f"d{i}": 1} for i in range(n)})


def case(roles: dict[str, str], n: int, n_documents: int, options: dict[str, Any], **more: Any) -> Case:
    subjects = tuple(Subject(label, label, Encoder(label), role) for label, role in roles.items())  # type: ignore[arg-type]
    return Case(subjects, collection(n, n_documents), **{"n_resamples": 1000, "options": options, **more})


def tuned_states(
    n: int, n_documents: int, seed: int, width: int = 16, layers: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Documents, and queries near the document of the same number, at every layer with its own noise."""
    rng = np.random.default_rng(seed)
    documents = rng.standard_normal((layers, n_documents, width))
    queries = 0.5 * documents[:, :n] + 0.9 * rng.standard_normal((layers, n, width))
    return queries.astype(np.float32), documents.astype(np.float32)
