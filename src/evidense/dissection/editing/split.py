"""Which facts are edited, which ones are their matched controls, and which ones teach the task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidense.dissection.editing.facts import Fact, World
from evidense.errors import InvalidInput


@dataclass(frozen=True)
class Split:
    """Facts by what is done with them; row i of `removed` (`added`) is matched with row i of its controls, of the same relation."""

    removed: tuple[Fact, ...]
    removed_controls: tuple[Fact, ...]
    """Known as the removed ones are, and left alone."""
    added: tuple[Fact, ...]
    added_controls: tuple[Fact, ...]
    """Untold as the added ones are, and left alone."""
    taught: tuple[Fact, ...]
    """The pairs of these are always trained on."""

    @property
    def asked(self) -> tuple[Fact, ...]:
        """All facts whose retrieval is looked at."""
        return (*self.removed, *self.removed_controls, *self.added, *self.added_controls)


def split(world: World, known: Sequence[Fact], n_removed: int, n_added: int, seed: int) -> Split:
    """Deal facts: pairs of one relation, so that edited and control facts are as hard to find.

    Raises:
        InvalidInput: too few known or untold facts.
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
            f"{n} pairs of {kind} facts are wanted, and {len(matched)} can be made of {len(facts)}; expected at least 2, and as many as are "
            "wanted; take more entities, or fewer facts"
        )
    return [matched[index] for index in sorted(rng.choice(len(matched), n, replace=False))]


def _columns(pairs: Sequence[tuple[Fact, Fact]]) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
