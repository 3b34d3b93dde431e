"""Facts: what a statement gives besides its words: hedges, numbers with unit and bound, and the scope that it names."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidense.auditing.markers import hedges
from evidense.checking.quantities import StatedQuantity, quantities
from evidense.checking.scope import FIELDS, ScopeField, named


@dataclass(frozen=True)
class StatementFacts:
    """What rules read in one statement."""

    hedges: tuple[str, ...]
    numbers: tuple[StatedQuantity, ...]
    scope: Mapping[ScopeField, tuple[str, ...]]
    """Field → its names, as they are spelt there; fields that nothing names are left out. A model stands with its variant."""


def facts_of(statement: str) -> StatementFacts:
    """Return what a statement gives.

    >>> found = facts_of("BERT-large may gain at least 3 points of F1 on the dev set of SQuAD.")
    >>> found.hedges, [(q.low, q.unit, q.comparator) for q in found.numbers]
    (('may', 'at least'), [(3.0, 'point', '>')])
    >>> dict(found.scope)
    {'dataset': ('SQuAD',), 'split': ('dev set',), 'metric': ('F1',), 'model': ('BERT-large',)}
    """
    places = named(statement)
    scope = {field: tuple(dict.fromkeys(p.span.quote for p in places if p.field == field)) for field in FIELDS}
    return StatementFacts(
        hedges(statement), quantities(statement), {field: names for field, names in scope.items() if names}
    )
