"""Works: records joined to works, versions told apart inside each, and the pairs that cannot be told beside them.

Nothing doubtful is joined: records between which there is a doubt stay two works, even where a third agrees with both. Only surer
evidence settles a doubt: identifiers that link both, for example, where the years are too far apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from evidense.auditing.duplicates.blocks import pairs_of
from evidense.auditing.duplicates.cards import Card, VersionKind, sorted_cards
from evidense.auditing.duplicates.pairs import PairRelation, compare
from evidense.values import Work

Pair = tuple[int, int]
_CONTRADICTED = ", but other records of the two works contradict each other"


@dataclass(frozen=True)
class Version:
    """The records of one version of a work."""

    kind: VersionKind
    records: tuple[Work, ...]


@dataclass(frozen=True)
class OneWork:
    """A work with its records by version: the published one first, then preprints, then those that do not tell."""

    versions: tuple[Version, ...]

    @property
    def records(self) -> tuple[Work, ...]:
        """Return the records of all versions."""
        return tuple(record for version in self.versions for record in version.records)


@dataclass(frozen=True)
class Doubt:
    """Two works that may be one."""

    places: Pair
    """Of both among the works."""
    records: tuple[Work, Work]
    """A record of each, between which the doubt stands."""
    reason: str


@dataclass(frozen=True)
class Works:
    """What N records come to."""

    works: tuple[OneWork, ...]
    doubts: tuple[Doubt, ...]
    """At most one for two works, the surest reason."""


def deduplicate(records: Iterable[Work]) -> Works:
    """Join the records of several indexes to works; the same records in any order give the same works.

    Raises:
        MissingExtra: rapidfuzz is not installed.
    """
    cards = sorted_cards(records)
    related = {
        pair: relation for pair in sorted(pairs_of(cards)) if (relation := compare(cards[pair[0]], cards[pair[1]]))
    }
    return joined(cards, related)


def joined(cards: Sequence[Card], related: Mapping[Pair, PairRelation]) -> Works:
    """Join ordered cards by what pairs of them are to each other, the surest pairs first."""
    groups, open_pairs = _Groups(len(cards)), []
    for rank in sorted({relation.rank for relation in related.values()}):
        of_rank = [pair for pair in sorted(related) if related[pair].rank == rank]
        doubtful = [pair for pair in of_rank if not related[pair].is_same and groups.part(*pair)]
        open_pairs += doubtful
        open_pairs += [pair for pair in of_rank if related[pair].is_same and not groups.join(*pair)]
    members: dict[int, list[Card]] = defaultdict(list)
    for place, card in enumerate(cards):
        members[groups.of(place)].append(card)
    number_of = {group: number for number, group in enumerate(members)}
    doubts: dict[Pair, Doubt] = {}
    for pair in open_pairs:
        (first, one), (second, other) = sorted((number_of[groups.of(place)], place) for place in pair)
        reason = related[pair].reason + (_CONTRADICTED if related[pair].is_same else "")
        doubts.setdefault((first, second), Doubt((first, second), (cards[one].work, cards[other].work), reason))
    return Works(tuple(map(_work, members.values())), tuple(doubts[places] for places in sorted(doubts)))


def _work(cards: Sequence[Card]) -> OneWork:
    """Return a work, its records by version."""
    kinds = {card.version for card in cards}
    return OneWork(tuple(
        Version(kind, tuple(card.work for card in cards if card.version == kind)) for kind in get_args(VersionKind) if kind in kinds
    ))  # fmt: skip


class _Groups:
    """Places joined to groups, but for those between which there is a doubt."""

    def __init__(self, n_places: int) -> None:
        self._leader = list(range(n_places))
        self._against: dict[int, set[int]] = defaultdict(set)
        """Leader → places that its group must not be joined with."""

    def of(self, place: int) -> int:
        """Return the leader of a place's group."""
        while self._leader[place] != place:
            self._leader[place] = place = self._leader[self._leader[place]]
        return place

    def part(self, one: int, other: int) -> bool:
        """Keep two groups apart, and say whether they are; no, if they are one already."""
        one, other = self.of(one), self.of(other)
        if one != other:
            self._against[one].add(other)
            self._against[other].add(one)
        return one != other

    def join(self, one: int, other: int) -> bool:
        """Join two groups, and say whether they are one now; no, if there is a doubt between any two of their places."""
        one, other = self.of(one), self.of(other)
        if one == other:
            return True
        fewer, more = sorted((self._against[one], self._against[other]), key=len)
        opposite = other if fewer is self._against[one] else one
        if any(self.of(place) == opposite for place in fewer):
            return False
        self._leader[other] = one
        self._against[one] = more | fewer if len(fewer) else more
        return True
