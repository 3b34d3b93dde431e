"""Scored collections: one collection with the Scores on it, those of compared systems or those of trained cells."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float64

from evidense import measures, stats
from evidense.compute.comparison.grouping import grouping_of
from evidense.compute.comparison.lineup import Cell
from evidense.compute.search.rankings import load_lists
from evidense.records import Json, Ranking, Score, Study
from evidense.store import Store
from evidense.values import Collection, RankedLists


@dataclass(frozen=True, kw_only=True)
class ScoredCollection:
    """One collection of a study with its Scores, and how its queries depend on each other."""

    index: int
    """Index of the collection in the study. It selects the stream of random numbers."""
    n_collections: int
    """Number of collections in the study, a factor of the size of the family."""
    collection: Collection
    scores: Mapping[tuple[str, str], Score]
    """(label, measure) → Score."""
    grouped_by: str = ""
    """How queries depend on each other, as in `Study.clusters`."""

    @cached_property
    def clusters(self) -> stats.Grouping:
        """How the queries depend on each other."""
        return grouping_of(self.collection, self.grouped_by)

    def values(self, labels: Sequence[str], measure: str, store: Store) -> Float64[np.ndarray, "s q"]:
        """Return the per-query values of one measure, one row a label."""
        return np.stack([self._values_of(self.scores[label, measure].values, store) for label in labels])

    def _values_of(self, blob: str, store: Store) -> Float64[np.ndarray, " q"]:
        """Read the values of one Score once: every comparison, mean and slice asks for them again."""
        if blob not in self._read:
            self._read[blob] = np.array(store.array(blob))
        return self._read[blob]

    @cached_property
    def _read(self) -> dict[str, Float64[np.ndarray, " q"]]:
        return {}


@dataclass(frozen=True, kw_only=True)
class ScoredSystems(ScoredCollection):
    """A collection on which systems are compared.

    `labels` begins with the baseline, then the other systems. `references` appear only in tables of means.
    A system with several seeds has a Ranking and Scores by its own label, made by `seeds`, beside those of its seeds.
    """

    labels: tuple[str, ...]
    references: tuple[str, ...]
    rankings: Mapping[str, Ranking]
    exact: Mapping[str, Ranking] = field(default_factory=dict)
    """Label of a system with an index → its exact ranking of a sample of the queries."""
    seeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """System → the labels of its seeds, of those that were trained several times."""
    joined: frozenset[str] = frozenset()
    """Labels of the run files whose further queries are all of other collections of the study."""

    @property
    def measures(self) -> list[str]:
        """Measures that were scored, the primary first."""
        return list(dict.fromkeys(measure for _, measure in self.scores))

    def lists(self, store: Store) -> dict[str, RankedLists]:
        """Return label → ranked lists of every system and reference, and of every seed of one."""
        return {label: load_lists(ranking, store) for label, ranking in self.rankings.items()}

    def differences(self, measure: str, store: Store) -> stats.Differences:
        """Return the paired differences of every other system from the baseline."""
        values = self.values(self.labels, measure, store)
        bounds = stats.Bounds.differences(measures.limits(measure), values[1:].shape)
        by_seed = self.by_seed(self.labels, measure, store)
        seeds = tuple(stats.seed_differences(system, by_seed[0]) for system in by_seed[1:])
        return stats.Differences(values[1:] - values[0], self.clusters, bounds, values[0], seeds)

    def seeds_of(self, label: str) -> tuple[str, ...]:
        """Return the labels of a system's seeds; its own if it has none."""
        return self.seeds.get(label, (label,))

    def seed_means(self, label: str, measure: str) -> dict[str, Json]:
        """Return the mean of every seed of a system; nothing if it has none."""
        return {seed: self.scores[seed, measure].mean for seed in self.seeds.get(label, ())}

    def by_seed(self, labels: Sequence[str], measure: str, store: Store) -> tuple[Float64[np.ndarray, "_ q"], ...]:
        """Return the values of each system by seed; nothing if none of them has seeds."""
        if not any(label in self.seeds for label in labels):
            return ()
        return tuple(self.values(self.seeds_of(label), measure, store) for label in labels)


@dataclass(frozen=True)
class SystemComparison:
    """One system compared with the baseline on one collection, by one measure."""

    study: Study
    scored: ScoredSystems
    index: int
    """Index of the system among those that follow the baseline: the row of its differences."""
    measure: str

    @property
    def baseline(self) -> str:
        """Return the label of the baseline."""
        return self.scored.labels[0]

    @property
    def system(self) -> str:
        """Return the label of the system."""
        return self.scored.labels[self.index + 1]

    @property
    def seeds(self) -> dict[str, Json]:
        """Return the mean of every seed of both sides, where one of them has several; else nothing."""
        sides = {"base": self.baseline, "system": self.system}
        means = {side: means for side, x in sides.items() if (means := self.scored.seed_means(x, self.measure))}
        return {"seeds": means} if means else {}

    @property
    def parents(self) -> tuple[str, ...]:
        """Return the ids of the study and of both Scores."""
        return (self.study.id, *(self.scored.scores[x, self.measure].id for x in (self.baseline, self.system)))

    def site(self, **more: Json) -> dict[str, Json]:
        """Return the site of a Finding on this comparison."""
        return {
            "system": self.system,
            "baseline": self.baseline,
            "collection": self.scored.collection.name,
            "measure": self.measure,
            **more,
        }


@dataclass(frozen=True, kw_only=True)
class ScoredCells(ScoredCollection):
    """A collection on which the cells of a factorial, or the arms of a study, are compared over their seeds."""

    direction: str
    role: str = ""
    arm_roles: Mapping[str, str] = field(default_factory=dict)
    """Arm → what the collection is for it."""
    strata: Mapping[str, Json] = field(default_factory=dict)
    """Moderator → level of the collection, such as kind → photo."""
    rankings: Mapping[str, Ranking] = field(default_factory=dict)
    """Label → its Ranking, from which excerpts are made; without it there are none."""
    near_duplicates: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Cell → how many test items equal or nearly equal something that it was trained on."""

    def table(self, cells: Sequence[Cell], measure: str, store: Store) -> stats.Seeded:
        """Return the values of cells, one row each; a cell that is the same in all seeds is repeated."""
        rows = [self.values(cell.labels, measure, store) for cell in cells]
        n_seeds = max(len(row) for row in rows)
        return stats.Seeded(np.stack([np.broadcast_to(row, (n_seeds, row.shape[1])) for row in rows]), self.clusters)

    def site(self, name: str, measure: str) -> dict[str, Json]:
        """Return the site of a finding on a cell or an effect of this name."""
        role = self.arm_roles.get(name, self.role)
        return {"collection": self.collection.name, "measure": measure, "role": role, "direction": self.direction}


@dataclass(frozen=True)
class CollectionSet:
    """Collections over which effects are averaged, and what these collections share."""

    members: Sequence[ScoredCells]
    sharing: stats.Sharing
    role: str = "all"
    direction: str = "all"

    def without(self, names: Container[str]) -> "CollectionSet":
        """Return the collections that bear none of these names."""
        kept = [m for m in self.members if m.collection.name not in names]
        return self if len(kept) == len(self.members) else self._chosen(kept, self.role, self.direction)

    def _chosen(self, chosen: Sequence[ScoredCells], role: str, direction: str) -> "CollectionSet":
        members = list(self.members)
        sizes = [len(m.collection.query_ids) for m in members]
        return CollectionSet(chosen, self.sharing.of([members.index(m) for m in chosen], sizes), role, direction)

    def selections(self, *, by_role: bool) -> "list[CollectionSet]":
        """Return all collections, those of each role, and those of each direction; no selection of fewer than two, and none twice.

        `by_role` is False for arms, which differ in which collections are at home.
        """
        members = list(self.members)
        roles = [role for role in dict.fromkeys(m.role for m in members) if role] if by_role else []
        selections = [("all", "all", members)]
        selections += [(role, "all", [m for m in members if m.role == role]) for role in roles]
        selections += [
            ("all", direction, [m for m in members if m.direction == direction])
            for direction in dict.fromkeys(m.direction for m in members)
        ]
        return [
            self._chosen(selected, role, direction)
            for role, direction, selected in selections
            if len(selected) > 1 and (len(selected) < len(members) or role == direction == "all")
        ]
