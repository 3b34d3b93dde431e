"""Split of facts: edited ones, their matched controls, and those that teach the retrieval task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidense.dissection.editing.facts import Fact, World
from evidense.errors import InvalidInput


@dataclass(frozen=True)
class Split:
    """Facts by their use. Row i of `removed` (`added`) is matched with row i of its controls; both are of the same relation."""

    removed: tuple[Fact, ...]
    removed_controls: tuple[Fact, ...]
    """Known like the removed facts, but not edited."""
    added: tuple[Fact, ...]
    added_controls: tuple[Fact, ...]
    """Untold like the added facts, but not edited."""
    taught: tuple[Fact, ...]
    """Facts whose pairs are always in the training data."""

    @property
    def asked(self) -> tuple[Fact, ...]:
        """Return all facts whose retrieval is measured."""
        return (*self.removed, *self.removed_controls, *self.added, *self.added_controls)


def split(world: World, known: Sequence[Fact], n_removed: int, n_added: int, seed: int) -> Split:
    """Deal facts in pairs of the same relation, so that edited and control facts are equally hard to find.

    Raises:
        InvalidInput: there are too few known or untold facts.
    """
    rng = np.random.default_rng([seed, 47])
    removed = _pairs(known, n_removed, rng, "known")
    added = _pairs(world.untold, n_added, rng, "untold")
    used = {fact.id for pair in removed for fact in pair}
    taught = tuple(fact for fact in world.told if fact.id not in used)
    return Split(*_columns(removed), *_columns(added), taught)


def _pairs(facts: Sequence[Fact], n: int, rng: np.random.Generator, kind: str) -> list[tuple[Fact, Fact]]:
    matched = []
    for relation in dict.fromkeys(fact.relation for fact in facts):
        of_relation = [fact for fact in facts if fact.relation == relation]
        order = rng.permutation(len(of_relation))
        matched += [(of_relation[a], of_relation[b]) for a, b in zip(order[::2], order[1::2], strict=False)]
    if len(matched) < n or n < 2:
        raise InvalidInput(
            f"{n} pairs of {kind} facts are needed, but {len(facts)} facts make only {len(matched)}; expected at least 2 and at most that many "
            "pairs; take more entities, or fewer facts"
        )
    return [matched[index] for index in sorted(rng.choice(len(matched), n, replace=False))]


def _columns(pairs: Sequence[tuple[Fact, Fact]]) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
